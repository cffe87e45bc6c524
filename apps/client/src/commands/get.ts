import { mkdir } from 'node:fs/promises';
import { posix } from 'node:path';

import { getTree, type RemoteName, type RemoteTree } from '@e2eeftp/client';

import { defineCommand, type Invocation } from '../command.js';
import { UsageError } from '../failure.js';
import { localTarget, standardStream } from '../local-name.js';
import { notePermissions } from '../permissions.js';
import { isRemoteFolder } from '../remote-place.js';
import { withTree } from '../workspace.js';
import { TransferReport } from '../transfer-report.js';
import { treeOptions, treeOptionsOf } from '../tree-options.js';
import { summaries } from './summaries.js';

/** Receives a file or folder. */
export const getCommand = defineCommand({
  name: 'get',
  usage: 'REMOTE [LOCAL]',
  summary: summaries.get,
  details: `A file goes into LOCAL if that is a folder. A folder becomes LOCAL, with all that is in it,
whether LOCAL exists or not: the same command again goes on where it was. If LOCAL ends in
"/", "." or "..", REMOTE goes into it under its own name; without LOCAL it goes into the
working folder. "-" is standard output. A file gets its name only when it is whole; until
then the older one stays. With --v1, a file without LOCAL is called downloaded_REMOTE.`,
  arity: [1, 2],
  options: {
    'no-clobber': { type: 'boolean', alias: 'n', describe: 'Keep files that are there already' },
    preserve: {
      type: 'boolean',
      alias: 'p',
      describe: 'Give files the times and permissions that they have there',
    },
    ...treeOptions,
    recursive: { type: 'boolean', alias: 'r', describe: 'Allowed, and not needed for folders' },
  },
  runV1: async (...line) => (await import('../v1/get.js')).getV1(...line),
  run(invocation, values) {
    const { 'no-clobber': keeps, preserve } = values;
    const { args, output, signal, workspace } = invocation;
    const [remoteText = '', local = '.'] = args;
    const remote = workspace.remoteName(remoteText);
    if (local === standardStream) output.reserveStandardOutput();
    return withTree(invocation, remote, async (tree) => {
      await notePermissions(tree, output, preserve);
      const isDryRun = values['dry-run'];
      const report = new TransferReport(output, 'received', { isDryRun, tree: remote.tree });
      try {
        if (local === standardStream) {
          if (isDryRun) throw new UsageError('--dry-run says nothing of standard output');
          await getStream(tree, remote, invocation, report);
          return report.exitCode;
        }
        const name = posix.basename(remote.path) || remote.tree;
        const target = await localTarget(name, local, () => isRemoteFolder(tree, remote, signal));
        if (local.endsWith('/') && !isDryRun) await mkdir(local, { recursive: true });
        await getTree(tree, remote.path, target, {
          ...treeOptionsOf(values),
          overwrite: keeps ? 'never' : 'always',
          preserveTime: preserve,
          preserveMode: preserve,
          signal,
          ...report.listeners,
        });
      } finally {
        await report.finish();
      }
      return report.exitCode;
    });
  },
});

async function getStream(
  tree: RemoteTree,
  { path }: RemoteName,
  { signal }: Invocation,
  report: TransferReport,
): Promise<void> {
  const { type } = await tree.stat(path, { signal });
  if (type === 'directory') throw new UsageError('A folder cannot go to standard output');
  const place = { local: standardStream, remote: path };
  const { size } = await tree.get(path, process.stdout, {
    signal,
    onProgress: (progress) => {
      const current = { ...place, ...progress };
      report.onProgress({ files: 0, bytes: progress.transferred, current });
    },
  });
  await report.onOutcome({ type: 'file', ...place, size });
}
