import { posix } from 'node:path';

import { ClientError, formatRemotePath, type RemoteName, type RemoteTree } from '@e2eeftp/client';

import { defineCommand, type Invocation } from '../command.js';
import { forEachArgument } from '../each-argument.js';
import { withServer } from '../workspace.js';
import { summaries } from './summaries.js';

/** Removes files and folders. */
export const removeCommand = defineCommand({
  name: 'rm',
  usage: 'REMOTE...',
  summary: summaries.rm,
  arity: [1, Infinity],
  options: {
    'dry-run': { type: 'boolean', describe: 'Only say what would be removed' },
    recursive: {
      type: 'boolean',
      alias: 'r',
      describe: 'Remove folders with all that is in them; without it, only empty ones',
    },
  },
  runV1: async (...line) => (await import('../v1/remove.js')).removeV1(...line),
  run(invocation, { recursive, 'dry-run': isDryRun }) {
    const { output, signal, workspace } = invocation;
    return withServer(invocation, (server) =>
      forEachArgument(invocation, async (name) => {
        const remote = workspace.remoteName(name);
        const tree = await server.tree(remote, signal);
        if (isDryRun) {
          await tellWhatGoes(tree, remote, recursive, invocation);
          return;
        }
        await tree.remove(remote.path, { recursive, signal });
        const path = formatRemotePath(remote.tree, remote.path);
        await output.event({ type: 'removed', path }, `Removed ${path}`);
      }),
    );
  },
});

/** What is in a folder goes before the folder does, but is said behind it, as it is listed. */
async function tellWhatGoes(
  tree: RemoteTree,
  remote: RemoteName,
  recursive: boolean,
  { output, signal }: Invocation,
): Promise<void> {
  const { path } = remote;
  const { type } = await tree.stat(path, { signal });
  const tell = async (below = ''): Promise<void> => {
    const name = formatRemotePath(remote.tree, posix.join(path, below));
    await output.result({ type: 'removed', path: name, dryRun: true }, [name]);
  };
  if (type === 'file') {
    await tell();
    return;
  }
  if (recursive) await tell();
  for await (const entry of tree.list(path, { recursive, signal })) {
    if (!recursive) {
      const name = formatRemotePath(remote.tree, path);
      throw new ClientError('conflict', `Cannot remove ${name}: it is not empty`);
    }
    await tell(entry.path);
  }
  if (!recursive) await tell();
}
