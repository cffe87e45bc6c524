import { commandSchemas } from '@e2eeftp/protocol';

import { defineCommand } from '../command/command.js';

/** RESUME: how far an upload is, whose sender has lost its connection. */
export const resume = defineCommand({
  name: 'RESUME',
  summary: 'Tells how much of an upload has arrived',
  args: commandSchemas.RESUME.args,
  effect: 'send',
  async handler({ upload: id, digest = false }, { client, store, signal }) {
    const { offset, sha256, done } = await store.findUpload(
      { owner: client.identity, id },
      { digest, signal },
    );
    const result = { offset, ...(sha256 && { sha256 }), ...(done && { done: { ...done } }) };
    return { status: 200, result };
  },
});
