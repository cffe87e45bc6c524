import { syncDown, syncUp, type SyncResult } from '@e2eeftp/client';

import { defineCommand } from '../command.js';
import { UsageError } from '../failure.js';
import { notePermissions } from '../permissions.js';
import { withTree } from '../workspace.js';
import { TransferReport } from '../transfer-report.js';
import { linkPolicyOf, linksOption, treeOptions, treeOptionsOf } from '../tree-options.js';
import { summaries } from './summaries.js';

/** Makes one folder equal to another one, of which one is on the server. */
export const syncCommand = defineCommand({
  name: 'sync',
  usage: 'FROM TO',
  summary: summaries.sync,
  details: `One of FROM and TO is a local folder, and the other one a folder on the server, written with
its prefix, such as home:photos; what is in FROM comes into TO itself. Files are equal if
they have the same size and time; with --checksum, if they have the same content, which both
sides then read. What only TO has stays, unless --delete removes it: after everything else,
and not if something could not be read or transferred. To remove more than half of TO takes
--force, too. What patterns leave out, and symbolic links, are neither copied nor removed.`,
  arity: [2, 2],
  options: {
    checksum: {
      type: 'boolean',
      alias: 'c',
      describe: 'Compare files of the same size by their content, not their time',
    },
    delete: { type: 'boolean', describe: 'Remove from TO what FROM does not have' },
    force: { type: 'boolean', describe: 'With --delete: even if that is more than half of TO' },
    preserve: {
      type: 'boolean',
      alias: 'p',
      describe: 'Keep permissions, also where only they differ',
    },
    links: linksOption,
    ...treeOptions,
  },
  run(invocation, values) {
    const { output, signal, args, workspace } = invocation;
    const { checksum, delete: removes, force, preserve } = values;
    const [from = '', to = ''] = args;
    const isUp = readDirection(from, to);
    const links = linkPolicyOf(values.links);
    if (!isUp && values.links !== undefined) {
      throw new UsageError('--links is about local folders that are sent; no server has links');
    }
    const name = workspace.remoteName(isUp ? to : from);
    const remote = name.path;
    return withTree(invocation, name, async (tree) => {
      const isDryRun = values['dry-run'];
      await notePermissions(tree, output, preserve);
      const direction = isUp ? 'sent' : 'received';
      const report = new TransferReport(output, direction, { isDryRun, tree: name.tree });
      const options = {
        ...treeOptionsOf(values),
        checksum,
        delete: removes,
        force,
        preserveMode: preserve,
        signal,
        ...report.listeners,
      };
      let result: SyncResult | undefined;
      try {
        result = isUp
          ? await syncUp(tree, from, remote, { ...options, links })
          : await syncDown(tree, remote, to, options);
      } finally {
        await report.finish(result);
      }
      return report.exitCode;
    });
  },
});

/** Only a prefix tells a remote name from a local one: both may be any path. */
function readDirection(from: string, to: string): boolean {
  const [isFromRemote, isToRemote] = [isRemoteName(from), isRemoteName(to)];
  if (isFromRemote !== isToRemote) return isToRemote;
  throw new UsageError(
    isToRemote
      ? 'Both folders are on the server; one of them has to be a local one (./NAME if it holds a colon)'
      : `None of the folders is on the server; write home:${to} for one that is`,
  );
}

function isRemoteName(name: string): boolean {
  if (process.platform === 'win32' && /^[a-z]:/iu.test(name)) return false;
  return /^[^/\\:]*:/u.test(name);
}
