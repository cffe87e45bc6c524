import { createHash } from 'node:crypto';

import { commandSchemas, limits } from '@e2eeftp/protocol';

import { CommandError } from '../command/answer.js';
import { defineCommand } from '../command/command.js';
import { rangeRefusal } from './range-refusal.js';

/**
 * DIGEST: the SHA-256 of a file or a part of it, read from where it is stored. It costs the server
 * what a GET would, but the client almost nothing, so that one request reads only so much, one at a
 * time on a connection.
 */
export const digest = defineCommand({
  name: 'DIGEST',
  summary: 'Tells the SHA-256 of a file or a part of it',
  args: commandSchemas.DIGEST.args,
  effect: 'read',
  async handler({ path, offset = 0, length: wanted = Infinity, etag }, { store, signal }) {
    const reader = await store.open(path);
    try {
      const { file } = reader;
      const refusal = rangeRefusal(file, offset, etag);
      if (refusal !== undefined) throw new CommandError(refusal);
      const length = Math.min(wanted, file.size - offset, limits.digest);
      const hash = createHash('sha256');
      for await (const chunk of reader.read(offset, length)) {
        if (signal.aborted) throw new CommandError(503);
        hash.update(chunk);
      }
      const result = { ...file, offset, length, sha256: hash.digest() };
      return { status: length === file.size ? 200 : 206, result };
    } finally {
      await reader.close();
    }
  },
});
