import { commandSchemas, v1Folder } from '@e2eeftp/protocol';

import { CommandError } from '../command/answer.js';
import { defineCommand } from '../command/command.js';

/** Bytes of names that one answer may hold; they must be counted before the first can be sent. */
const listingLimit = 64 * 1024 * 1024;

/** HLIST as the first generation means it: the words that its clients can use. */
export const listV1Words = defineCommand({
  name: 'HLIST',
  summary: 'Lists the commands of this server',
  args: commandSchemas.HLIST.args,
  effect: 'none',
  handler: (_args, { commands }) =>
    Promise.resolve({
      status: 200,
      result: commands.filter(({ v1 }) => v1).map(({ name }) => name),
    }),
});

/** LIST as the first generation means it: the names of all files, and no folders. */
export const listV1Names = defineCommand({
  name: 'LIST',
  summary: 'Lists the files',
  args: commandSchemas.PING.args,
  effect: 'read',
  async handler(_args, { store, signal }) {
    const names: string[] = [];
    let bytes = 0;
    for await (const { path, type } of store.list(v1Folder, { recursive: false })) {
      if (signal.aborted) throw new CommandError(503);
      if (type !== 'file') continue;
      bytes += Buffer.byteLength(path) + 1;
      if (bytes > listingLimit) throw new CommandError(500);
      names.push(path);
    }
    return { status: 200, result: names };
  },
});

/** DELETE as the first generation means it: there are only files. */
export const deleteFile = defineCommand({
  name: 'DELETE',
  summary: 'Removes a file',
  args: commandSchemas.DELETE.args,
  effect: 'change',
  async handler({ path }, { store }) {
    const { type } = await store.stat(path);
    if (type !== 'file') throw new CommandError(404);
    await store.delete(path, { recursive: false });
    return { status: 200 };
  },
});
