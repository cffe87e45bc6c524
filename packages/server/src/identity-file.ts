import { chmod, readFile, stat } from 'node:fs/promises';

import {
  CryptoError,
  encodePublicKeyPem,
  formatIdentity,
  Identity,
  parseIdentity,
} from '@e2eeftp/crypto';
import type { Logger } from './logger.js';
import { replaceFile } from './replace-file.js';
import { ServerError } from './server-error.js';

/** The names that the files have in a data directory. */
const serverIdentityName = 'server_id.key';
/** The server's public key, which clients may copy. */
const knownServerName = 'known_server.pub';

/**
 * Reads a server's identity, and makes it on the first start, together with the public key that
 * clients copy. Call it while nobody else uses the directory.
 *
 * @param directory - the data directory
 * @param logger - hears when others could read the private key
 * @returns the identity
 * @throws ServerError `bad-file` when the key file is there and cannot be used: a new key in its
 *   place would lock every client out
 */
export async function loadOrCreateServerIdentity(
  directory: string,
  logger: Logger,
): Promise<Identity> {
  const keyPath = `${directory}/${serverIdentityName}`;
  const existing = await readIfPresent(keyPath);
  const identity = existing === undefined ? await create(keyPath) : parse(keyPath, existing);
  if (existing !== undefined) await keepPrivate(keyPath, logger);
  const publicPath = `${directory}/${knownServerName}`;
  const publicKey = encodePublicKeyPem(identity.publicKey);
  // One that is left from an earlier identity would send clients away.
  if ((await readIfPresent(publicPath))?.trim() !== publicKey.trim()) {
    await replaceFile(publicPath, publicKey, { mode: 0o644 });
  }
  return identity;
}

/** Whole or absent: after a crash, half a key would be taken for a damaged one. */
async function create(path: string): Promise<Identity> {
  const identity = Identity.generate();
  await replaceFile(path, formatIdentity(identity), { mode: 0o600 });
  return identity;
}

/** Takes the rights of others away from a key file that came from elsewhere. */
async function keepPrivate(path: string, logger: Logger): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return;
  const isDone = await chmod(path, 0o600).then(
    () => true,
    () => false,
  );
  const advice = isDone ? 'they no longer can' : 'take the right away with `chmod 600`';
  logger.warn({ file: path }, `other users could read the private key; ${advice}`);
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
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause;
    if (cause.code === 'ENOENT') return undefined;
    throw new ServerError('bad-file', `Cannot read ${path}: ${cause.message}`, { cause });
  }
}
