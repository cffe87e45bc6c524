import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import {
  CryptoError,
  encodePublicKeyPem,
  formatIdentity,
  Identity,
  parseIdentity,
} from '@e2eeftp/crypto';

import { ServerError } from './server-error.js';

/** The names that the files have in a data directory. */
export const serverIdentityName = 'server_id.key';
/** The server's public key, which clients may copy. */
export const knownServerName = 'known_server.pub';

/**
 * Reads a server's identity, and makes it on the first start, together with the public key that
 * clients copy.
 *
 * @param directory - the data directory
 * @returns the identity
 * @throws ServerError `bad-file` when the key file is there and cannot be used: a new key in its
 *   place would lock every client out
 */
export async function loadOrCreateServerIdentity(directory: string): Promise<Identity> {
  const keyPath = `${directory}/${serverIdentityName}`;
  const existing = await readIfPresent(keyPath);
  const identity = existing === undefined ? await create(keyPath) : parse(keyPath, existing);
  const publicPath = `${directory}/${knownServerName}`;
  if ((await readIfPresent(publicPath)) === undefined) {
    await writeFile(publicPath, encodePublicKeyPem(identity.publicKey), { mode: 0o644 });
  }
  return identity;
}

async function create(path: string): Promise<Identity> {
  const identity = Identity.generate();
  await mkdir(dirname(path), { recursive: true });
  // "wx": of two servers that start at once, one fails instead of replacing the other's key.
  await writeFile(path, formatIdentity(identity), { mode: 0o600, flag: 'wx', flush: true });
  return identity;
}

function parse(path: string, text: string): Identity {
  try {
    return parseIdentity(text);
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause;
    const message = `${path} is no usable private key (${cause.message}); restore it from a backup, or move it away to make a new one`;
    throw new ServerError('bad-file', message, { cause });
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
