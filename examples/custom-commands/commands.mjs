import {
  builtinCommands,
  CommandError,
  defineCommand,
  pathSchema,
  StoreError,
} from '@e2eeftp/server';
import { z } from 'zod';

const stat = defineCommand({
  name: 'STAT',
  summary: 'Tells the size and the time of a file',
  args: z.strictObject({ path: pathSchema }),
  effect: 'read',
  v1: { fields: { path: 'path' } },
  async handler({ path }, { store }) {
    const entry = await orRefuse(store.stat(path), { 'not-found': [404, 'File not found'] });
    // Clients of the first generation read the text, those of the second the result.
    return {
      status: 200,
      text: `${entry.size}|${Math.floor(entry.mtime / 1000)}`,
      result: entry,
    };
  },
});

const rename = defineCommand({
  name: 'RENAME',
  summary: 'Gives a file another name',
  args: z.strictObject({ from: pathSchema, to: pathSchema, overwrite: z.string().optional() }),
  effect: 'change',
  v1: { fields: { from: 'path', to: 'path' } },
  async handler({ from, to, overwrite = 'never' }, { store }) {
    const isWord = overwrite === 'never' || overwrite === 'always';
    await orRefuse(store.rename(from, to, isWord ? overwrite : { etag: overwrite }), {
      'not-found': [404, 'Source file not found'],
      conflict: [409, 'Destination file already exists'],
      io: [500, 'Rename failed'],
    });
    return { status: 200, text: 'File renamed successfully' };
  },
});

/** Every command that the server has: those that come with it, and in their places these. */
export const commands = [...builtinCommands, rename, stat];

/** Says in words of our own why the store could not do something. */
async function orRefuse(work, words) {
  try {
    return await work;
  } catch (error) {
    const [status, text] = (error instanceof StoreError && words[error.code]) || [];
    if (status === undefined) throw error;
    throw new CommandError(status, text, { cause: error });
  }
}
