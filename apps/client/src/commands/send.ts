import { createReadStream } from 'node:fs';
import { posix } from 'node:path';

import {
  ClientError,
  formatRemotePath,
  sendTrees,
  type RemoteName,
  type RemoteTree,
  type TreeSource,
} from '@e2eeftp/client';

import { defineCommand, type Invocation } from '../command.js';
import { UsageError } from '../failure.js';
import { localKind, ownName, standardStream } from '../local-name.js';
import { notePermissions } from '../permissions.js';
import { isRemoteFolder } from '../remote-place.js';
import { withTree } from '../workspace.js';
import { readSendArguments } from '../send-arguments.js';
import { TransferReport } from '../transfer-report.js';
import { linkPolicyOf, linksOption, treeOptions, treeOptionsOf } from '../tree-options.js';
import { summaries } from './summaries.js';

/** Sends files and folders. */
export const sendCommand = defineCommand({
  name: 'send',
  usage: 'LOCAL... [REMOTE]',
  summary: summaries.send,
  details: `With two or more arguments the last one is REMOTE; --to makes all of them LOCAL. If REMOTE
ends in "/" or there is more than one LOCAL, each goes into it under its own name, as does a
file if REMOTE is a folder. A folder becomes REMOTE, also where that exists: the same command
again goes on where it was. Without REMOTE, each goes to the top. Folders are sent whole,
with hidden files and empty folders; --links says what becomes of the symbolic links in
them. Times are kept, and with --preserve permissions. "-" is standard input, and needs REMOTE.
Write names that begin with a dash behind "--". With --v1 there are no folders, and REMOTE is
a name; "/" in its place gives each LOCAL its own.`,
  arity: [1, Infinity],
  options: {
    to: { type: 'string', names: 'remote', describe: 'REMOTE: all arguments are LOCAL then' },
    'no-clobber': { type: 'boolean', alias: 'n', describe: 'Keep files that are there already' },
    preserve: {
      type: 'boolean',
      alias: 'p',
      describe: 'Keep the permissions of files; without it, only their times',
    },
    recursive: { type: 'boolean', alias: 'r', describe: 'Allowed, and not needed for folders' },
    links: linksOption,
    ...treeOptions,
  },
  runV1: async (...line) => (await import('../v1/send.js')).sendV1(...line),
  run(invocation, values) {
    const { to, 'no-clobber': keeps, preserve } = values;
    const links = linkPolicyOf(values.links);
    const { output, signal, workspace } = invocation;
    const { locals, remote } = readSendArguments(invocation.args, to);
    if (values['dry-run'] && locals.includes(standardStream)) {
      throw new UsageError('--dry-run says nothing of standard input');
    }
    const name = workspace.remoteName(remote);
    return withTree(invocation, name, async (tree) => {
      await notePermissions(tree, output, preserve);
      const { trees, streams } = await plan(tree, locals, name, signal);
      const report = new TransferReport(output, 'sent', {
        isDryRun: values['dry-run'],
        tree: name.tree,
      });
      const overwrite = keeps ? 'never' : 'always';
      try {
        await sendTrees(tree, trees, {
          ...treeOptionsOf(values),
          overwrite,
          links,
          preserveMode: preserve,
          signal,
          ...report.listeners,
        });
        for (const stream of streams) {
          await sendStream(tree, stream, overwrite, invocation, report);
        }
      } finally {
        await report.finish();
      }
      return report.exitCode;
    });
  },
});

interface Plan {
  readonly trees: readonly TreeSource[];
  /** What has no size, and can be read only once. */
  readonly streams: readonly TreeSource[];
}

async function plan(
  tree: RemoteTree,
  locals: readonly string[],
  name: RemoteName,
  signal: AbortSignal,
): Promise<Plan> {
  const kinds = await Promise.all(locals.map(localKind));
  const isInto =
    locals.length > 1 ||
    (kinds[0] === 'directory' ? name.isFolder : await isRemoteFolder(tree, name, signal));
  const trees: TreeSource[] = [];
  const streams: TreeSource[] = [];
  const taken = new Set<string>();
  for (const [index, local] of locals.entries()) {
    const path = isInto ? posix.join(name.path, ownName(local)) : name.path;
    if (taken.has(path)) {
      const shown = formatRemotePath(name.tree, path);
      throw new UsageError(`Two of the arguments would become ${shown}`);
    }
    taken.add(path);
    const list = kinds[index] === 'stream' ? streams : trees;
    list.push({ local, remote: path });
  }
  return { trees, streams };
}

async function sendStream(
  tree: RemoteTree,
  { local, remote }: TreeSource,
  overwrite: 'always' | 'never',
  { signal, workspace }: Invocation,
  report: TransferReport,
): Promise<void> {
  const source = local === standardStream ? workspace.standardInput() : createReadStream(local);
  const onProgress = (progress: { transferred: number; total: number | undefined }): void => {
    const current = { local, remote, ...progress };
    report.onProgress({ files: 0, bytes: progress.transferred, current });
  };
  try {
    const { size } = await tree.send(source, remote, { overwrite, signal, onProgress });
    await report.onOutcome({ type: 'file', local, remote, size });
  } catch (error) {
    if (overwrite === 'never' && error instanceof ClientError && error.code === 'conflict') {
      await report.onOutcome({ type: 'skipped', local, remote, reason: 'exists' });
    } else {
      throw error;
    }
  }
}
