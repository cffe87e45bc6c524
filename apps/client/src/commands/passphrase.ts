import { changePassphrase, ClientHome, fingerprint } from '@e2eeftp/client';

import { defineCommand } from '../command.js';
import { UsageError } from '../failure.js';
import { newPassphrase, passphraseFor } from '../passphrase.js';
import { summaries } from './summaries.js';

/** Changes how the user's key is protected. */
export const passphraseCommand = defineCommand({
  name: 'passphrase',
  usage: '',
  summary: summaries.passphrase,
  details: `Asks for the old passphrase, if there is one, and twice for the new one. In a script, the old
one comes from --passphrase-file and the new one from --new-passphrase-file, or both from
the program that --askpass names. Copies of the key, as in backups, stay as they are.`,
  arity: [0, 0],
  options: {
    remove: { type: 'boolean', describe: 'Whoever can read the file may use the key from now on' },
    'new-passphrase-file': { type: 'string', describe: 'A file with the new passphrase' },
  },
  async run(invocation, { remove, 'new-passphrase-file': newFile }) {
    const { global, output } = invocation;
    if (remove && newFile !== undefined) {
      throw new UsageError('Give --remove or --new-passphrase-file, not both');
    }
    const file = global.identity ?? new ClientHome().identityPath;
    const { publicKey } = await changePassphrase(
      file,
      async (path) => (remove ? undefined : newPassphrase(invocation, path, newFile)),
      passphraseFor(invocation),
    );
    const isProtected = !remove;
    await output.result(
      { type: 'passphrase', file, fingerprint: fingerprint(publicKey), protected: isProtected },
      [isProtected ? `${file} needs the new passphrase now` : `${file} has no passphrase any more`],
    );
    return undefined;
  },
});
