import { defineCommand } from '../command.js';
import { forEachArgument } from '../each-argument.js';
import { withClient } from '../workspace.js';
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
    return withClient(invocation, (client) =>
      forEachArgument(invocation, async (name) => {
        const { path } = workspace.remoteName(name);
        await client.mkdir(path, { signal });
        await output.event({ type: 'directory', path }, `Made ${path}`);
      }),
    );
  },
});
