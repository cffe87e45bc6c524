import { posix } from 'node:path';

import { ClientError, type Client } from '@e2eeftp/client';

import { defineCommand } from '../command.js';
import { isRemoteFolder } from '../remote-place.js';
import { withClient } from '../workspace.js';
import { summaries } from './summaries.js';

/** Gives a file or folder another name. */
export const moveCommand = defineCommand({
  name: 'mv',
  usage: 'FROM TO',
  wordKinds: { FROM: 'remote', TO: 'remote' },
  summary: summaries.mv,
  details: 'If TO is a folder, or ends in "/", FROM goes into it and keeps its name.',
  arity: [2, 2],
  options: {
    'no-clobber': { type: 'boolean', alias: 'n', describe: 'Keep a file that has the name TO' },
  },
  async run(invocation, { 'no-clobber': keeps }) {
    const { args, output, signal, workspace } = invocation;
    const [fromText = '', toText = ''] = args;
    const from = workspace.remoteName(fromText).path;
    const toName = workspace.remoteName(toText);
    await withClient(invocation, async (client) => {
      const isInto = await isRemoteFolder(client, toName, signal);
      const to = isInto ? `${toName.path}/${posix.basename(from)}` : toName.path;
      try {
        await client.rename(from, to, { overwrite: keeps ? 'never' : 'always', signal });
        await output.event({ type: 'renamed', from, to }, `Renamed ${from} to ${to}`);
      } catch (error) {
        const isConflict = error instanceof ClientError && error.code === 'conflict';
        if (!keeps || !isConflict || !(await exists(client, to, signal))) throw error;
        const fields = { type: 'skipped', from, to, reason: 'exists' };
        await output.event(fields, `Skipped ${from}: ${to} exists`);
      }
    });
    return undefined;
  },
});

/** A conflict can also mean that there is a file where a folder should be. */
async function exists(client: Client, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await client.stat(path, { signal });
    return true;
  } catch {
    return false;
  }
}
