// The files that a server of the original keeps in its directory.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { newIdentity } from './crypto.mjs';

/** Makes what is missing, and reads the server's own key. */
export async function openDirectory(directory) {
  const received = join(directory, 'received');
  await mkdir(received, { recursive: true });
  const keyPath = join(directory, 'server_id.key');
  let privatePem = await readIfThere(keyPath);
  if (privatePem === undefined) {
    const identity = newIdentity();
    privatePem = identity.privatePem;
    await writeFile(keyPath, privatePem, { mode: 0o600 });
    await writeFile(join(directory, 'known_server.pub'), identity.publicPem);
  }
  const publicPem = createPublicKey(createPrivateKey(privatePem)).export({
    type: 'spki',
    format: 'pem',
  });
  return { received, privatePem, publicPem };
}

/**
 * The clients that may come in, as base64, read anew each time.
 *
 * @param {(warning: string) => void} warn hears of what is odd about the file
 */
export async function authorizedClients(directory, warn) {
  const text = await readIfThere(join(directory, 'authorized_clients.pub'));
  if (text === undefined) warn('authorized_clients.pub is missing: nobody is authorized');
  const clients = new Set();
  for (const line of (text ?? '').split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const key = Buffer.from(line, 'base64');
    if (key.length === 32 && key.toString('base64') === line) clients.add(line);
    else warn(`authorized_clients.pub: skipped ${JSON.stringify(line)}`);
  }
  return clients;
}

async function readIfThere(path) {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
