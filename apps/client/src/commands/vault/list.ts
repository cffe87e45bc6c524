import type { VaultSummary } from '@e2eeftp/client';

import { combineExitCodes, exitCodes, type ExitCode } from '../../exit-code.js';
import { failureOf } from '../../failure.js';
import type { Output } from '../../output.js';
import { formatCount } from '../../quantities.js';
import { withServer } from '../../workspace.js';
import type { VaultAction } from './vault-action.js';

/** Lists the vaults that the user has at the server. */
export const listAction: VaultAction = {
  usage: '',
  arity: [0, 0],
  run(invocation) {
    const { output, signal } = invocation;
    return withServer(invocation, async ({ vaults }) => {
      const all = await vaults.list({ signal });
      const width = Math.max(0, ...all.map(({ alias }) => alias?.length ?? 1));
      const codes: ExitCode[] = [];
      for (const summary of all) codes.push(await show(output, summary, width));
      if (all.length === 0) {
        output.note('There is no vault yet; what you send to home:PATH makes your own');
      }
      return combineExitCodes(codes);
    });
  },
};

async function show(output: Output, summary: VaultSummary, width: number): Promise<ExitCode> {
  const { id, alias, inside, problem } = summary;
  if (problem) {
    const failure = failureOf(problem);
    await output.failure(failure, { vault: alias, id });
    return failure.exitCode;
  }
  const name = (alias ?? '-').padEnd(width);
  const facts = inside
    ? `${(inside.role ?? '').padEnd(6)}  ${formatCount(inside.members, 'member', 'members')}`
    : 'not joined';
  const fields = { type: 'vault', vault: alias ?? null, id, ...inside };
  await output.result(fields, [`${name}  ${facts}  ${id}`]);
  return exitCodes.done;
}
