import { CryptoError, formatIdentity, parseIdentity, type Identity } from '@e2eeftp/crypto';
import type { Stanza } from 'age-encryption';

import { ClientError } from '../errors.js';

/**
 * The base-2 logarithm of scrypt's N, with r = 8 and p = 1 (RFC 7914): 128 MiB and about half a
 * second for each guess, the strongest of the settings that OWASP gives for stored passwords.
 */
const workFactor = 17;
/** What `age -p` writes. A file that asks for more could have us need gigabytes, or minutes. */
const greatestWorkFactor = 18;

/**
 * @param text - the text of a key file
 * @returns whether it is what {@link protectIdentity} makes
 */
export function isProtectedIdentity(text: string): boolean {
  return text.trimStart().startsWith('-----BEGIN AGE ENCRYPTED FILE-----');
}

/**
 * Writes an identity down so that only who knows the passphrase can use it: the PKCS#8 PEM of
 * `formatIdentity`, as an age file with one scrypt recipient (age-encryption.org/v1), armored. So
 * `age --decrypt` gives the unprotected key file.
 *
 * @param identity - whom to write down
 * @param passphrase - any text that is not empty, taken as UTF-8 as it is
 * @returns the text of a key file
 * @throws ClientError `bad-identity` for an empty passphrase
 */
export async function protectIdentity(identity: Identity, passphrase: string): Promise<string> {
  if (passphrase === '') throw new ClientError('bad-identity', 'The passphrase is empty');
  const { armor, Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(workFactor);
  return armor.encode(await encrypter.encrypt(formatIdentity(identity)));
}

/**
 * Opens what {@link protectIdentity} made. The passphrase and the text of the key are strings,
 * which stay in memory until they are collected.
 *
 * @param text - the text of the key file
 * @param passphrase - what may open it
 * @returns the identity
 * @throws CryptoError `wrong-passphrase`, or `unreadable-key-file` for a file that is damaged, is
 *   encrypted in another way, or asks for too much work
 */
export async function openProtectedIdentity(text: string, passphrase: string): Promise<Identity> {
  const { armor, Decrypter } = await import('age-encryption');
  const tried = { inVain: false };
  const decrypter = new Decrypter();
  // Each is asked in turn, until one knows the key: the last one hears that none did.
  decrypter.addIdentity({
    unwrapFileKey: ([stanza, ...others]: Stanza[]) => {
      const [type, , factor = ''] = stanza?.args ?? [];
      if (type !== 'scrypt' || others.length > 0) {
        throw unreadable('It is encrypted for a recipient, not with a passphrase alone');
      }
      if (!/^\d{1,2}$/u.test(factor) || Number(factor) > greatestWorkFactor) {
        throw unreadable(
          `It asks for a work factor of 2^${factor}, and no more than 2^${greatestWorkFactor} is done; encrypt it again with \`age -p\``,
        );
      }
      return null;
    },
  });
  decrypter.addPassphrase(passphrase);
  decrypter.addIdentity({
    unwrapFileKey: () => {
      tried.inVain = true;
      return null;
    },
  });
  let pem: string;
  try {
    pem = await decrypter.decrypt(armor.decode(text), 'text');
  } catch (cause) {
    if (cause instanceof CryptoError) throw cause;
    throw tried.inVain
      ? new CryptoError('wrong-passphrase', 'The passphrase is wrong', { cause })
      : unreadable('The file is damaged', cause);
  }
  return parseIdentity(pem);
}

function unreadable(message: string, cause?: unknown): CryptoError {
  return new CryptoError('unreadable-key-file', message, { cause });
}
