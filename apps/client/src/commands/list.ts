import { posix } from 'node:path';

import { ClientError, type Entry, type RemoteTree } from '@e2eeftp/client';

import { defineCommand, type Invocation } from '../command.js';
import { showEntries } from '../listing.js';
import { withTree } from '../workspace.js';
import { summaries } from './summaries.js';

/** Lists a folder. */
export const listCommand = defineCommand({
  name: 'ls',
  usage: '[REMOTE]',
  summary: summaries.ls,
  details: `At a terminal, names are in columns and folders in colour; NO_COLOR and FORCE_COLOR are heard.
Elsewhere there is one name a line.`,
  arity: [0, 1],
  options: {
    long: { type: 'boolean', alias: 'l', describe: 'Show sizes in bytes, and times' },
    human: { type: 'boolean', alias: 'h', describe: 'With -l, round sizes: 1.2 MB' },
    recursive: { type: 'boolean', alias: 'R', describe: 'List what is below its folders, too' },
  },
  runV1: async (...line) => (await import('../v1/list.js')).listV1(...line),
  async run(invocation, { long, human, recursive }) {
    const remote = invocation.workspace.remoteName(invocation.args[0] ?? '');
    await withTree(invocation, remote, (tree) =>
      showEntries(invocation.output, entriesOf(tree, remote.path, recursive, invocation), {
        long,
        human,
      }),
    );
    return undefined;
  },
});

/** Something on the server, its path relative to the folder that is listed. */
type Listed = Omit<Entry, 'path'> & { readonly path: string };

/** As elsewhere, the listing of a file is the file. */
async function* entriesOf(
  tree: RemoteTree,
  path: string,
  recursive: boolean,
  { signal }: Invocation,
): AsyncGenerator<Listed, void, void> {
  try {
    yield* tree.list(path, { recursive, signal });
  } catch (error) {
    if (!(error instanceof ClientError && error.code === 'not-found')) throw error;
    const entry = await tree.stat(path, { signal });
    if (entry.type === 'directory') throw error;
    yield { ...entry, path: posix.basename(path) };
  }
}
