import { formatRemotePath } from '@e2eeftp/client';

import { defineCommand } from '../command.js';
import { forEachArgument } from '../each-argument.js';
import { withServer } from '../workspace.js';
import { summaries } from './summaries.js';

/** Makes folders. */
export const makeFolderCommand = defineCommand({
  name: 'mkdir',
  usage: 'REMOTE...',
  summary: summaries.mkdir,
  arity: [1, Infinity],
  options: {},
  run(invocation) {
    const { output, signal, workspace } = invocation;
    return withServer(invocation, (server) =>
      forEachArgument(invocation, async (name) => {
        const remote = workspace.remoteName(name);
        const tree = await server.tree(remote, signal);
        await tree.mkdir(remote.path, { signal });
        const path = formatRemotePath(remote.tree, remote.path);
        await output.event({ type: 'directory', path }, `Made ${path}`);
      }),
    );
  },
});
