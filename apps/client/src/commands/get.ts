import { mkdir } from 'node:fs/promises';
import { posix } from 'node:path';

import { getTree, type Client, type RemoteName } from '@e2eeftp/client';

import { defineCommand, type Invocation } from '../command.js';
import { UsageError } from '../failure.js';
import { localTarget, standardStream } from '../local-name.js';
import { notePermissions } from '../permissions.js';
import { isRemoteFolder } from '../remote-place.js';
import { withClient } from '../workspace.js';
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
    return withClient(invocation, async (client) => {
      await notePermissions(client, output, preserve);
      const report = new TransferReport(output, 'received', values['dry-run']);
      try {
        if (local === standardStream) {
          if (values['dry-run']) throw new UsageError('--dry-run says nothing of standard output');
          await getStream(client, remote, invocation, report);
          return report.exitCode;
        }
        const target = await localTarget(posix.basename(remote.path), local, () =>
          isRemoteFolder(client, remote, signal),
        );
        if (local.endsWith('/') && !values['dry-run']) await mkdir(local, { recursive: true });
        await getTree(client, remote.path, target, {
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
  client: Client,
  { path }: RemoteName,
  { signal }: Invocation,
  report: TransferReport,
): Promise<void> {
  const { type } = await client.stat(path, { signal });
  if (type === 'directory') throw new UsageError('A folder cannot go to standard output');
  const place = { local: standardStream, remote: path };
  const { size } = await client.get(path, process.stdout, {
    signal,
    onProgress: (progress) => {
      const current = { ...place, ...progress };
      report.onProgress({ files: 0, bytes: progress.transferred, current });
    },
  });
  await report.onOutcome({ type: 'file', ...place, size });
}
