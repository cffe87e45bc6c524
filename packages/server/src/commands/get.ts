import { commandSchemas } from '@e2eeftp/protocol';

import { CommandError } from '../command/answer.js';
import { defineCommand } from '../command/command.js';
import { rangeRefusal } from './range-refusal.js';

/** GET: a file or a part of it. */
export const get = defineCommand({
  name: 'GET',
  summary: 'Gives a file or a part of it',
  args: commandSchemas.GET.args,
  effect: 'read',
  overlaps: Infinity,
  v1: {
    fields: { path: 'path' },
    texts: { 404: ([name = '']) => `File not found: ${name}`, 500: 'Server Read Error' },
  },
  async handler({ path, offset = 0, length: wanted = Infinity, etag }, { store }) {
    const reader = await store.open(path);
    const { file } = reader;
    const refusal = rangeRefusal(file, offset, etag);
    if (refusal !== undefined) {
      await reader.close();
      throw new CommandError(refusal);
    }
    const length = Math.min(wanted, file.size - offset);
    return {
      status: length === file.size ? 200 : 206,
      result: { ...file, offset, length },
      body: { size: length, chunks: reader.read(offset, length), close: () => reader.close() },
    };
  },
});
