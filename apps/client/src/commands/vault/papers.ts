import { writeFile } from 'node:fs/promises';

import {
  ClientError,
  ClientHome,
  encodeCard,
  fingerprint,
  formatRecoveryCode,
  loadIdentity,
} from '@e2eeftp/client';

import { passphraseFor } from '../../passphrase.js';
import { withServer } from '../../workspace.js';
import type { VaultAction } from './vault-action.js';

/** Writes down what somebody needs to join. */
export const inviteAction: VaultAction = {
  usage: 'VAULT',
  arity: [1, 1],
  run(invocation) {
    const { args, output } = invocation;
    const [vault = ''] = args;
    return withServer(invocation, async ({ vaults }) => {
      const invitation = await vaults.invitation(vault);
      await output.result({ type: 'invitation', vault, invitation }, [invitation]);
      output.note('It is no secret, but has to reach a member by another way than this server');
      return undefined;
    });
  },
};

/** Publishes the user's card. */
export const cardAction: VaultAction = {
  usage: '[--name NAME] [--output FILE]',
  arity: [0, 0],
  options: ['name', 'output'],
  run(invocation, { name, output: file }) {
    const { output, signal } = invocation;
    return withServer(invocation, async ({ vaults }) => {
      const card = await vaults.publishCard(name, { signal });
      if (file !== undefined) await writeCard(file, encodeCard(card));
      const ownFingerprint = fingerprint(card.identity);
      const fields = { type: 'card', name: card.name, fingerprint: ownFingerprint, file };
      await output.result(fields, [
        `The server has your card: you are ${card.name}, ${ownFingerprint}`,
      ]);
      return undefined;
    });
  },
};

/** Shows what to write down in case that the key file is lost. */
export const recoveryAction: VaultAction = {
  usage: '',
  arity: [0, 0],
  async run(invocation) {
    const { global, output } = invocation;
    const file = global.identity ?? new ClientHome().identityPath;
    const identity = await loadIdentity(file, passphraseFor(invocation));
    const code = formatRecoveryCode(identity);
    await output.result({ type: 'recovery', code }, [code]);
    output.note('Whoever reads it is you: write it on paper, lock it away, and clear the screen');
    return undefined;
  },
};

async function writeCard(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError('local-file', message, { cause });
  }
}
