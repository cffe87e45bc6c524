import { defineCommand } from '../command.js';
import { forEachArgument } from '../each-argument.js';
import { withClient } from '../session.js';
import { removeV1 } from '../v1/remove.js';

/** Removes files and folders. */
export const removeCommand = defineCommand({
  name: 'rm',
  usage: 'REMOTE...',
  summary: 'Remove files and folders from the server',
  arity: [1, Infinity],
  options: {
    recursive: {
      type: 'boolean',
      alias: 'r',
      describe: 'Remove folders with all that is in them; without it, only empty ones',
    },
  },
  runV1: removeV1,
  run(invocation, { recursive }) {
    const { output, signal, workspace } = invocation;
    return withClient(invocation, (client) =>
      forEachArgument(invocation, async (name) => {
        const { path } = workspace.remoteName(name);
        await client.remove(path, { recursive, signal });
        await output.event({ type: 'removed', path }, `Removed ${path}`);
      }),
    );
  },
});
