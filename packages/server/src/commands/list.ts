import { commandSchemas, listingCapacity, type Entry } from '@e2eeftp/protocol';

import { CommandError } from '../command/answer.js';
import { defineCommand } from '../command/command.js';
import { sizeAtMost } from './entry-size.js';
import { listV1Names } from './v1-commands.js';

/** LIST: a page of a folder, as long as fits into one answer. */
export const list = defineCommand({
  name: 'LIST',
  summary: 'Lists a folder',
  args: commandSchemas.LIST.args,
  effect: 'read',
  v1: { fields: {}, instead: listV1Names },
  async handler({ path, recursive = false, cursor, limit = Infinity }, { store, signal }) {
    // The etag is taken before the entries, so that a change meanwhile makes the listing look
    // older than it is, never newer.
    const folder = await store.stat(path);
    if (folder.type !== 'directory') throw new CommandError(404);
    const entries: Entry[] = [];
    let bytes = 0;
    for await (const entry of store.list(path, { recursive, after: cursor })) {
      if (signal.aborted) throw new CommandError(503);
      bytes += sizeAtMost(entry);
      const last = entries.at(-1);
      if (last && (entries.length >= limit || bytes > listingCapacity)) {
        return { status: 200, result: { entries, etag: folder.etag, cursor: last.path } };
      }
      entries.push(entry);
    }
    return { status: 200, result: { entries, etag: folder.etag } };
  },
});
