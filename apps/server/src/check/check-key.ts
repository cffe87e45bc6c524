import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { codeOf, findingsAbout, type Finding } from './finding.js';

const keyName = 'server_id.key';
const publicName = 'known_server.pub';
const othersMayRead = 0o077;
/** Node reads other forms only. */
const sshHeader = '-----BEGIN OPENSSH PRIVATE KEY-----';

const about = findingsAbout('server key');

/**
 * @param directory - the data directory
 * @returns what is to be said of the server's private key; never what is in it
 */
export async function checkKey(directory: string): Promise<readonly Finding[]> {
  const path = join(directory, keyName);
  const known = await readText(join(directory, publicName));
  let text: string;
  let mode: number;
  try {
    text = await readFile(path, 'utf8');
    ({ mode } = await stat(path));
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      const advice = "give it to the server's user, with mode 0600";
      return [about.wrong(`${path} cannot be read (${code}); ${advice}`)];
    }
    if (known === undefined) return [about.ok('there is none; the first start makes one')];
    const advice = 'restore it: with a new one, clients will refuse to connect';
    return [about.wrong(`${path} is missing, while ${publicName} is there; ${advice}`)];
  }
  const found: Finding[] = [];
  const publicKey = publicKeyOf(text);
  if (text.includes(sshHeader)) {
    found.push(about.warning(`${path} is an OpenSSH key; only a start shows whether it is good`));
  } else if (publicKey === undefined) {
    const advice = 'restore it from a backup, or move it away to make a new one';
    found.push(about.wrong(`${path} is no usable private key; ${advice}`));
  } else if (known !== undefined && known.trim() !== publicKey.trim()) {
    const advice = 'the next start replaces it, and clients that copied it will not connect';
    found.push(about.warning(`${publicName} is that of another key; ${advice}`));
  }
  if ((mode & othersMayRead) !== 0) {
    found.push(about.wrong(`other users can read ${path}; take that away with \`chmod 600\``));
  }
  return found.length > 0 ? found : [about.ok(`${path} is good and private`)];
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function publicKeyOf(text: string): string | undefined {
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType !== 'ed25519') return undefined;
    return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  } catch {
    return undefined;
  }
}
