import { defineCommand } from '../command.js';
import { formatTime } from '../quantities.js';
import { withClient } from '../workspace.js';
import { summaries } from './summaries.js';

/** Shows facts about a file or folder. */
export const statCommand = defineCommand({
  name: 'stat',
  usage: 'REMOTE',
  summary: summaries.stat,
  arity: [1, 1],
  options: {},
  async run(invocation) {
    const { args, output, signal, workspace } = invocation;
    const { path } = workspace.remoteName(args[0] ?? '');
    const entry = await withClient(invocation, (client) => client.stat(path, { signal }));
    await output.result(entry, [
      `path   ${entry.path}`,
      `type   ${entry.type}`,
      `size   ${entry.size}`,
      `mtime  ${formatTime(entry.mtime)}`,
      `etag   ${entry.etag}`,
    ]);
    return undefined;
  },
});
