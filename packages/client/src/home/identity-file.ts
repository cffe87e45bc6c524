import { randomBytes } from 'node:crypto';
import { link, mkdir, open as openFile, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { CryptoError, formatIdentity, Identity, parseIdentity } from '@e2eeftp/crypto';

import { asClientError, ClientError } from '../errors.js';
import { isSystemError } from '../system-error.js';
import {
  isProtectedIdentity,
  openProtectedIdentity,
  protectIdentity,
} from './protected-identity.js';
import { editSmallFile, replaceSmallFile } from './small-file.js';

/** What a key file may need. */
export interface IdentityFileOptions {
  /**
   * Asks for the passphrase; called only for a file that has one. It is asked again for as long as
   * what it gives is wrong: three times at most, and not when it gives the same again.
   *
   * @param path - the file
   * @param attempt - counted from 1
   */
  readonly passphrase?: ((path: string, attempt: number) => Promise<string>) | undefined;
  /**
   * Hears that others than the owner can use the file, and what to do about it. Without it, such a
   * file is refused. Only for keys that another program wrote so.
   */
  readonly onExposed?: ((warning: string) => void) | undefined;
}

/** What a key file may need that is perhaps to be made. */
export interface NewIdentityOptions extends IdentityFileOptions {
  /**
   * Asks for the passphrase of a key that is made just now; `undefined` for none, which is the
   * default.
   */
  readonly newPassphrase?: ((path: string) => Promise<string | undefined>) | undefined;
}

/** How often a passphrase may be wrong. */
const passphraseAttempts = 3;
/** Bits of a mode by which others than the owner can do something. */
const accessOfOthers = 0o077;
/** A key file has a few hundred bytes; whatever is much larger is none. */
const maximumLength = 65_536;

/**
 * Reads a private key: the client's own PKCS#8 PEM, without a passphrase or as an age file with one,
 * or an Ed25519 key of `ssh-keygen`.
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
  throw missing(path);
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
  options: NewIdentityOptions = {},
): Promise<{ identity: Identity; isNew: boolean }> {
  const text = await readPrivate(path, options);
  if (text !== undefined) return { identity: await parse(path, text, options), isNew: false };
  const identity = Identity.generate();
  const passphrase = await options.newPassphrase?.(path);
  if (await create(path, await format(identity, passphrase))) return { identity, isNew: true };
  return { identity: await loadIdentity(path, options), isNew: false };
}

/**
 * Writes down a private key that has come back, as from a recovery code: mode 0600, in a folder of
 * mode 0700.
 *
 * @param path - the file
 * @param identity - whom to write down
 * @param options - whether a key that is there may go, and how to protect the new one
 * @param options.newPassphrase - asks for the passphrase of the file; `undefined` for none, which is
 *   the default
 * @param options.replaces - whether another key may be in the way: it is kept under another name
 * @returns where the key is that was in the way, if there was one
 * @throws ClientError `bad-identity` when there is a key already, `local-file`
 */
export async function restoreIdentity(
  path: string,
  identity: Identity,
  {
    newPassphrase,
    replaces = false,
  }: Pick<NewIdentityOptions, 'newPassphrase'> & { readonly replaces?: boolean | undefined } = {},
): Promise<string | undefined> {
  const text = await format(identity, await newPassphrase?.(path));
  if (await create(path, text)) return undefined;
  if (!replaces) throw new ClientError('bad-identity', `There is an identity at ${path} already`);
  const keptPath = `${path}.${randomBytes(6).toString('hex')}.old`;
  // The only copy of a key must have a name at any moment.
  try {
    await link(path, keptPath);
  } catch (error) {
    throw asClientError(error);
  }
  await replaceSmallFile(path, text);
  return keptPath;
}

/**
 * Gives the client's own key file a passphrase, another one, or none. The file holds the old text or
 * the new one at any moment; copies of the old one, as in backups, still open with the old
 * passphrase.
 *
 * @param path - the file
 * @param newPassphrase - asks for the new one, once the old one was right; `undefined` for none
 * @param options - what the file may need
 * @returns the identity
 * @throws ClientError `bad-identity` when the file is missing or not usable, or is an SSH key, which
 *   other programs use, too; `local-file` when it cannot be replaced
 */
export async function changePassphrase(
  path: string,
  newPassphrase: (path: string) => Promise<string | undefined>,
  options: IdentityFileOptions = {},
): Promise<Identity> {
  const before = await readPrivate(path, options);
  if (before === undefined) throw missing(path);
  const identity = await parse(path, before, options);
  if (isSshKey(before)) {
    throw new ClientError(
      'bad-identity',
      `${path} is an SSH key; \`ssh-keygen -p -f ${path}\` changes its passphrase`,
    );
  }
  const passphrase = await newPassphrase(path);
  const after = await format(identity, passphrase);
  // What cannot be opened again must not take the place of the only copy.
  await open(path, after, passphrase);
  await editSmallFile(path, (now) => {
    if (now === before) return after;
    throw new ClientError('bad-identity', `${path} was changed meanwhile; try again`);
  });
  return identity;
}

/**
 * @param path - a private key file
 * @returns whether it needs a passphrase; `undefined` when there is no such file
 * @throws ClientError `bad-identity` when it can be used by others, `local-file`
 */
export async function hasPassphrase(path: string): Promise<boolean | undefined> {
  const text = await readPrivate(path, {});
  return text === undefined ? undefined : needsPassphrase(text);
}

/** The key gets its name only when it is whole, and never takes the place of another. */
async function create(path: string, text: string): Promise<boolean> {
  const partPath = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(partPath, text, { mode: 0o600, flag: 'wx', flush: true });
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
    const file = await openFile(path, 'r');
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
  if (!passphrase || !needsPassphrase(text)) return open(path, text, undefined);
  let previous: string | undefined;
  for (let attempt = 1; ; attempt++) {
    const given = await passphrase(path, attempt);
    try {
      return await open(path, text, given);
    } catch (error) {
      const isWrong =
        error instanceof ClientError &&
        error.cause instanceof CryptoError &&
        error.cause.code === 'wrong-passphrase';
      if (!isWrong || attempt === passphraseAttempts || given === previous) throw error;
      previous = given;
    }
  }
}

async function open(path: string, text: string, passphrase: string | undefined): Promise<Identity> {
  try {
    if (!isProtectedIdentity(text)) {
      return parseIdentity(text, passphrase === undefined ? {} : { passphrase });
    }
    if (passphrase !== undefined) return await openProtectedIdentity(text, passphrase);
    throw new CryptoError('unreadable-key-file', 'It needs its passphrase');
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause;
    throw new ClientError('bad-identity', `${path} is no usable private key: ${cause.message}`, {
      cause,
    });
  }
}

async function format(identity: Identity, passphrase: string | undefined): Promise<string> {
  return passphrase === undefined
    ? formatIdentity(identity)
    : protectIdentity(identity, passphrase);
}

function missing(path: string): ClientError {
  return new ClientError(
    'bad-identity',
    `There is no identity at ${path}; \`e2eeftp init HOST\` or \`e2eeftp id\` makes one`,
  );
}

function needsPassphrase(text: string): boolean {
  return isProtectedIdentity(text) || isEncryptedSshKey(text);
}

function isSshKey(text: string): boolean {
  return text.includes('-BEGIN OPENSSH PRIVATE KEY-----');
}

/** OpenSSH's PROTOCOL.key: behind the magic stands the cipher's name, then "bcrypt" or "none". */
function isEncryptedSshKey(text: string): boolean {
  const [, content = ''] = /-BEGIN OPENSSH PRIVATE KEY-----([^-]*)/u.exec(text) ?? [];
  return Buffer.from(content, 'base64').subarray(0, 64).includes('bcrypt');
}
