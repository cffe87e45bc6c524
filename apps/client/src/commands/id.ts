import { ClientHome, fingerprint, formatPublicKey, loadOrCreateIdentity } from '@e2eeftp/client';

import { defineCommand } from '../command.js';
import { passphraseFor } from '../passphrase.js';
import { summaries } from './summaries.js';

/** Shows who the user is. */
export const idCommand = defineCommand({
  name: 'id',
  usage: '',
  summary: summaries.id,
  details: `The first line is what the operator of a server adds to authorized_clients.pub. The identity
is made when there is none yet; \`e2eeftp passphrase\` protects it.`,
  arity: [0, 0],
  options: {},
  async run(invocation) {
    const { global, output } = invocation;
    const file = global.identity ?? new ClientHome().identityPath;
    const { identity, isNew } = await loadOrCreateIdentity(file, passphraseFor(invocation));
    if (isNew) output.note(`Made a new identity: ${file}`);
    const key = formatPublicKey(identity.publicKey);
    const ownFingerprint = fingerprint(identity.publicKey);
    await output.result({ type: 'identity', key, fingerprint: ownFingerprint, file, isNew }, [
      key,
      ownFingerprint,
    ]);
    return undefined;
  },
});
