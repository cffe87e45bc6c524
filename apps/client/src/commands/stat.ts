import { formatRemotePath } from '@e2eeftp/client';

import { defineCommand } from '../command.js';
import { formatTime } from '../quantities.js';
import { withTree } from '../workspace.js';
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
    const remote = workspace.remoteName(args[0] ?? '');
    const entry = await withTree(invocation, remote, (tree) => tree.stat(remote.path, { signal }));
    const path = formatRemotePath(remote.tree, entry.path);
    await output.result({ ...entry, path }, [
      `path   ${path}`,
      `type   ${entry.type}`,
      `size   ${entry.size}`,
      `mtime  ${formatTime(entry.mtime)}`,
      `etag   ${entry.etag}`,
    ]);
    return undefined;
  },
});
