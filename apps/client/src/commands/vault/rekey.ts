import type { RekeyOutcome } from '@e2eeftp/client';

import { exitCodes } from '../../exit-code.js';
import { failureOf } from '../../failure.js';
import { formatCount } from '../../quantities.js';
import { withServer } from '../../workspace.js';
import type { VaultAction } from './vault-action.js';

/** Writes everything in a vault anew, with keys that nobody knows who has left. */
export const rekeyAction: VaultAction = {
  usage: 'VAULT',
  arity: [1, 1],
  run(invocation) {
    const { args, output, signal } = invocation;
    const [vault = ''] = args;
    return withServer(invocation, async ({ vaults }) => {
      const onOutcome = async (outcome: RekeyOutcome): Promise<void> => {
        if (outcome.type !== 'failed') return;
        await output.failure(failureOf(outcome.error), { vault, path: outcome.path });
      };
      const { files, directories, failed } = await vaults.rekey(vault, { signal, onOutcome });
      const written = [
        formatCount(files, 'file', 'files'),
        formatCount(directories, 'folder', 'folders'),
      ].join(' and ');
      await output.result({ type: 'vault-rekeyed', vault, files, directories, failed }, [
        `Wrote ${written} of the vault ${vault} anew`,
        ...(failed > 0
          ? ['Older files still count, since something failed; mend it, and do it again']
          : []),
      ]);
      return failed > 0 ? exitCodes.failed : undefined;
    });
  },
};
