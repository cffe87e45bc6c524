import { ClientError } from '@e2eeftp/client';

import type { Invocation } from '../../command.js';
import { askYesOrNo, canAsk } from '../../prompt.js';
import { readFingerprint } from '../../server-key.js';
import { withServer } from '../../workspace.js';
import type { VaultAction } from './vault-action.js';

/** Gives a vault of somebody else's a name here, once it is sure who began it. */
export const joinAction: VaultAction = {
  usage: 'INVITATION|ID [--as NAME] [--fingerprint FINGERPRINT]',
  arity: [1, 1],
  options: ['as', 'fingerprint'],
  run(invocation, { as: wanted, fingerprint }) {
    const { args, output, signal } = invocation;
    const [what = ''] = args;
    const expected = fingerprint === undefined ? undefined : readFingerprint(fingerprint);
    const confirm = (shown: string): Promise<void> => approve(invocation, shown, expected);
    return withServer(invocation, async ({ vaults }) => {
      const joined = await vaults.join(what, { alias: wanted, confirm, signal });
      const { alias, id, inside } = joined;
      await output.result({ type: 'vault', vault: alias, id, ...inside }, [
        `Joined the vault ${inside.name} as ${inside.role ?? 'nobody'}; its files are ${alias}:PATH`,
      ]);
      return undefined;
    });
  },
};

/** The server could show a vault of its own: only a person knows who began the right one. */
async function approve(
  { global, output, signal }: Invocation,
  shown: string,
  expected: string | undefined,
): Promise<void> {
  if (expected === shown) return;
  if (expected !== undefined) {
    throw new ClientError(
      'integrity',
      `The vault was begun by ${shown}, and not by ${expected}: it is another than you were told of, or the fingerprint is not right; nothing was kept`,
    );
  }
  const begun = `The vault was begun by somebody with the fingerprint ${shown}`;
  if (global.json || !canAsk()) {
    throw new ClientError(
      'not-allowed',
      `${begun}; ask who invited you whether that is right, and say so with --fingerprint, or join with an invitation`,
    );
  }
  output.note(
    [
      'The vault was begun by somebody with the fingerprint',
      `  ${shown}`,
      'Compare it with what that person tells you.',
    ].join('\n'),
  );
  if (await askYesOrNo('Is it the right one?', signal)) return;
  throw new ClientError('not-allowed', 'The vault was not joined; nothing was kept');
}
