import { getTree } from '@e2eeftp/client';

import { TransferReport } from '../../transfer-report.js';
import { withServer } from '../../workspace.js';
import type { VaultAction } from './vault-action.js';

/** Writes all files of a vault into a folder, readable for whoever has that. */
export const exportAction: VaultAction = {
  usage: 'VAULT FOLDER',
  arity: [2, 2],
  run(invocation) {
    const { args, output, signal } = invocation;
    const [vault = '', folder = ''] = args;
    return withServer(invocation, async ({ vaults }) => {
      const tree = await vaults.tree(vault, { signal });
      const report = new TransferReport(output, 'received', { isDryRun: false, tree: vault });
      try {
        const kept = { preserveTime: true, preserveMode: true };
        await getTree(tree, '', folder, { ...kept, signal, ...report.listeners });
      } finally {
        await report.finish();
      }
      output.note('What was exported is not encrypted any more');
      return report.exitCode;
    });
  },
};
