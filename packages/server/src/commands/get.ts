import { commandSchemas, limits } from '@e2eeftp/protocol';

import { CommandError } from '../command/answer.js';
import { defineCommand } from '../command/command.js';
import type { StoredFileReader } from '../store/store.js';
import { rangeRefusal } from './range-refusal.js';

/** GET: a file or a part of it. */
export const get = defineCommand({
  name: 'GET',
  summary: 'Gives a file or a part of it',
  args: commandSchemas.GET.args,
  effect: 'read',
  overlaps: true,
  v1: {
    fields: { path: 'path' },
    texts: { 404: ([name = '']) => `File not found: ${name}`, 500: 'Server Read Error' },
  },
  async handler({ path, offset = 0, length: wanted = Infinity, etag, content = -1 }, { store }) {
    const reader = await store.open(path);
    const { file } = reader;
    const refusal = rangeRefusal(file, offset, etag);
    if (refusal !== undefined) {
      await reader.close();
      throw new CommandError(refusal);
    }
    const length = Math.min(wanted, file.size - offset);
    const range = { offset, length };
    const status = length === file.size ? 200 : 206;
    if (length <= Math.min(content, limits.content)) {
      return { status, result: { ...file, ...range, content: await readAll(reader, range) } };
    }
    return {
      status,
      result: { ...file, ...range },
      body: { size: length, chunks: reader.read(offset, length), close: () => reader.close() },
    };
  },
});

/** Reads what is small, and closes it. */
async function readAll(
  reader: StoredFileReader,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<Uint8Array> {
  try {
    const bytes = new Uint8Array(length);
    let filled = 0;
    // Each chunk is valid only until the next is asked for.
    for await (const chunk of reader.read(offset, length)) {
      bytes.set(chunk, filled);
      filled += chunk.length;
    }
    return bytes;
  } finally {
    await reader.close();
  }
}
