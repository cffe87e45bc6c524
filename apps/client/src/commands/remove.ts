import { ClientError, type Client } from '@e2eeftp/client';

import { defineCommand, type Invocation } from '../command.js';
import { forEachArgument } from '../each-argument.js';
import { withClient } from '../workspace.js';
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
    return withClient(invocation, (client) =>
      forEachArgument(invocation, async (name) => {
        const { path } = workspace.remoteName(name);
        if (isDryRun) {
          await tellWhatGoes(client, path, recursive, invocation);
          return;
        }
        await client.remove(path, { recursive, signal });
        await output.event({ type: 'removed', path }, `Removed ${path}`);
      }),
    );
  },
});

/** What is in a folder goes before the folder does, but is said behind it, as it is listed. */
async function tellWhatGoes(
  client: Client,
  path: string,
  recursive: boolean,
  { output, signal }: Invocation,
): Promise<void> {
  const { type } = await client.stat(path, { signal });
  const tell = (name: string): Promise<void> =>
    output.result({ type: 'removed', path: name, dryRun: true }, [name]);
  if (type === 'file') {
    await tell(path);
    return;
  }
  if (recursive) await tell(path);
  for await (const entry of client.list(path, { recursive, signal })) {
    if (!recursive) throw new ClientError('conflict', `Cannot remove ${path}: it is not empty`);
    await tell(`${path}/${entry.path}`);
  }
  if (!recursive) await tell(path);
}
