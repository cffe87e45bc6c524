import { randomBytes } from 'node:crypto';
import { link, mkdir, open, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { CryptoError, formatIdentity, Identity, parseIdentity } from '@e2eeftp/crypto';

import { asClientError, ClientError } from '../errors.js';
import { isSystemError } from '../system-error.js';

/** What a key file may need. */
export interface IdentityFileOptions {
  /** Asks for the passphrase of an SSH key; called only for a file that has one. */
  readonly passphrase?: ((path: string) => Promise<string>) | undefined;
  /**
   * Hears that others than the owner can use the file, and what to do about it. Without it, such a
   * file is refused. Only for keys that another program wrote so.
   */
  readonly onExposed?: ((warning: string) => void) | undefined;
}

/** Bits of a mode by which others than the owner can do something. */
const accessOfOthers = 0o077;
/** A key file has a few hundred bytes; whatever is much larger is none. */
const maximumLength = 65_536;

/**
 * Reads a private key: the client's own PKCS#8 PEM, or an Ed25519 key of `ssh-keygen`.
 *
 * @param path - the file
 * @param options - what the file may need
 * @returns the identity
 * @throws ClientError `bad-identity` when the file is missing, is no usable key, or can be read
 *   by others
 */
export async function loadIdentity(
  path: string,
  options: IdentityFileOptions = {},
): Promise<Identity> {
  const text = await readPrivate(path, options);
  if (text !== undefined) return parse(path, text, options);
  throw new ClientError(
    'bad-identity',
    `There is no identity at ${path}; \`e2eeftp init HOST\` or \`e2eeftp id\` makes one`,
  );
}

/**
 * Reads a private key, and makes one when there is none: mode 0600, in a folder of mode 0700.
 *
 * @param path - the file
 * @param options - what the file may need
 * @returns the identity, and whether it was made just now
 * @throws ClientError `bad-identity` when a file is there that is not usable; it is never replaced
 */
export async function loadOrCreateIdentity(
  path: string,
  options: IdentityFileOptions = {},
): Promise<{ identity: Identity; isNew: boolean }> {
  const text = await readPrivate(path, options);
  if (text !== undefined) return { identity: await parse(path, text, options), isNew: false };
  const identity = Identity.generate();
  if (await create(path, identity)) return { identity, isNew: true };
  return { identity: await loadIdentity(path, options), isNew: false };
}

/** The key gets its name only when it is whole, and never takes the place of another. */
async function create(path: string, identity: Identity): Promise<boolean> {
  const partPath = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(partPath, formatIdentity(identity), { mode: 0o600, flag: 'wx', flush: true });
    try {
      await link(partPath, path);
    } finally {
      await unlink(partPath);
    }
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw asClientError(error);
  }
}

async function readPrivate(
  path: string,
  { onExposed }: IdentityFileOptions,
): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { mode, size } = await file.stat();
      if (process.platform !== 'win32' && (mode & accessOfOthers) !== 0) {
        const warning = exposure(path, mode);
        if (!onExposed) throw new ClientError('bad-identity', warning);
        onExposed(warning);
      }
      if (size > maximumLength) throw new ClientError('bad-identity', `${path} is no key file`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw asClientError(error);
  }
}

function exposure(path: string, mode: number): string {
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  return `The private key ${path} can be used by others than you (mode ${octal}); if nobody has read it yet, run \`chmod 600 ${path}\``;
}

async function parse(
  path: string,
  text: string,
  { passphrase }: IdentityFileOptions,
): Promise<Identity> {
  try {
    const needsPassphrase = passphrase !== undefined && isEncryptedSshKey(text);
    return parseIdentity(text, needsPassphrase ? { passphrase: await passphrase(path) } : {});
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause;
    throw new ClientError('bad-identity', `${path} is no usable private key: ${cause.message}`, {
      cause,
    });
  }
}

/** OpenSSH's PROTOCOL.key: behind the magic stands the cipher's name, then "bcrypt" or "none". */
function isEncryptedSshKey(text: string): boolean {
  const [, content = ''] = /-BEGIN OPENSSH PRIVATE KEY-----([^-]*)/u.exec(text) ?? [];
  return Buffer.from(content, 'base64').subarray(0, 64).includes('bcrypt');
}
