import { fingerprint } from '@e2eeftp/client';

import { defineCommand } from '../command.js';
import { formatSize } from '../quantities.js';
import { withClient } from '../workspace.js';
import { summaries } from './summaries.js';

/** Shows how the server sees the user. */
export const whoamiCommand = defineCommand({
  name: 'whoami',
  usage: '',
  summary: summaries.whoami,
  arity: [0, 0],
  options: {},
  async run(invocation) {
    const { output, signal } = invocation;
    const { identity, name, access, quota, used } = await withClient(invocation, (client) =>
      client.whoami({ signal }),
    );
    const ownFingerprint = fingerprint(identity);
    const lines = [`name         ${name ?? '(none)'}`, `fingerprint  ${ownFingerprint}`];
    lines.push(`access       ${access}`);
    if (used !== null) lines.push(`used         ${formatSize(used)}`);
    if (quota !== null) lines.push(`quota        ${formatSize(quota)}`);
    const fields = { fingerprint: ownFingerprint, name, access, quota, used };
    await output.result({ type: 'whoami', ...fields }, lines);
    return undefined;
  },
});
