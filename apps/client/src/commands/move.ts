import { posix } from 'node:path';

import { ClientError, formatRemotePath, type RemoteName, type RemoteTree } from '@e2eeftp/client';

import { defineCommand } from '../command.js';
import { isRemoteFolder } from '../remote-place.js';
import { withTree } from '../workspace.js';
import { summaries } from './summaries.js';

/** Gives a file or folder another name. */
export const moveCommand = defineCommand({
  name: 'mv',
  usage: 'FROM TO',
  wordKinds: { FROM: 'remote', TO: 'remote' },
  summary: summaries.mv,
  details: 'If TO is a folder, or ends in "/", FROM goes into it and keeps its name.',
  arity: [2, 2],
  options: {
    'no-clobber': { type: 'boolean', alias: 'n', describe: 'Keep a file that has the name TO' },
  },
  async run(invocation, { 'no-clobber': keeps }) {
    const { args, output, signal, workspace } = invocation;
    const [fromText = '', toText = ''] = args;
    const fromName = workspace.remoteName(fromText);
    const toName = workspace.remoteName(toText);
    requireOneTree(fromName, toName);
    await withTree(invocation, toName, async (tree) => {
      const { path } = fromName;
      const isInto = await isRemoteFolder(tree, toName, signal);
      const target = isInto ? posix.join(toName.path, posix.basename(path)) : toName.path;
      const [from, to] = [path, target].map((each) => formatRemotePath(toName.tree, each));
      try {
        await tree.rename(path, target, { overwrite: keeps ? 'never' : 'always', signal });
        await output.event({ type: 'renamed', from, to }, `Renamed ${from} to ${to}`);
      } catch (error) {
        const isConflict = error instanceof ClientError && error.code === 'conflict';
        if (!keeps || !isConflict || !(await exists(tree, target, signal))) throw error;
        const fields = { type: 'skipped', from, to, reason: 'exists' };
        await output.event(fields, `Skipped ${from}: ${to} exists`);
      }
    });
    return undefined;
  },
});

/** What one vault's members can read is encrypted for them: nothing is moved without being read. */
function requireOneTree(from: RemoteName, to: RemoteName): void {
  if (from.tree === to.tree) return;
  throw new ClientError(
    'bad-name',
    `Nothing can be moved from ${from.tree}: to ${to.tree}:, since each is encrypted for itself; get it, send it there, and remove it here`,
  );
}

/** A conflict can also mean that there is a file where a folder should be. */
async function exists(tree: RemoteTree, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await tree.stat(path, { signal });
    return true;
  } catch {
    return false;
  }
}
