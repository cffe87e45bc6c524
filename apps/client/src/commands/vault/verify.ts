import type { VerifyOutcome } from '@e2eeftp/client';

import { exitCodes } from '../../exit-code.js';
import { failureOf } from '../../failure.js';
import type { Output } from '../../output.js';
import { formatCount, formatSize } from '../../quantities.js';
import { withServer } from '../../workspace.js';
import type { VaultAction } from './vault-action.js';

/** Looks whether everything in a vault is what its members left there. */
export const verifyAction: VaultAction = {
  usage: 'VAULT [--deep]',
  arity: [1, 1],
  options: ['deep'],
  run(invocation, { deep: isDeep }) {
    const { args, output, signal } = invocation;
    const [vault = ''] = args;
    return withServer(invocation, async ({ vaults }) => {
      const onOutcome = (outcome: VerifyOutcome): Promise<void> => show(output, vault, outcome);
      const result = await vaults.verify(vault, { isDeep, signal, onOutcome });
      const { files, bytes, damaged, missing, isCompared } = result;
      const what = isDeep ? 'with all their bytes' : 'by their names and heads';
      const counts = { files, bytes, damaged, missing, compared: isCompared };
      await output.result({ type: 'vault-verified', vault, deep: isDeep, ...counts }, [
        `Verified ${formatCount(files, 'file', 'files')} (${formatSize(bytes)}) ${what}`,
        ...(damaged > 0 ? [`${formatCount(damaged, 'entry is', 'entries are')} damaged`] : []),
        ...(missing > 0
          ? [`${formatCount(missing, 'file is', 'files are')} missing since the last time`]
          : []),
      ]);
      if (!isCompared) output.note('The next time, it will also be told what is missing since now');
      return damaged > 0 ? exitCodes.integrity : undefined;
    });
  },
};

async function show(output: Output, vault: string, outcome: VerifyOutcome): Promise<void> {
  const { type, path } = outcome;
  if (type === 'damaged') await output.failure(failureOf(outcome.error), { vault, path });
  if (type !== 'missing') return;
  const advice = 'a member removed or replaced it, or the server withholds it';
  await output.result({ type: 'missing', vault, path }, [`Missing: ${vault}:${path} (${advice})`]);
}
