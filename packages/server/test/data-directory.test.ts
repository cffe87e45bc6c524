import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import {
  encodePublicKeyPem,
  formatIdentity,
  Identity,
  parseIdentity,
  parsePublicKey,
} from '@e2eeftp/crypto';

import { DataDirectory, type Logger } from '../src/index.js';
import { makeTemporaryDirectory, removeDirectory } from './store/temporary-directory.js';

let parent: string;
let directory: string;
let open: DataDirectory | undefined;

beforeEach(async () => {
  parent = await makeTemporaryDirectory();
  directory = `${parent}/data`;
});
afterEach(async () => {
  await open?.close();
  open = undefined;
  await removeDirectory(parent);
});

async function openAndClose(logger?: Logger): Promise<Uint8Array> {
  const data = await DataDirectory.open(directory, logger && { logger });
  await data.close();
  return data.identity.publicKey;
}

test('everything is made where nothing is, the private key for its owner alone', async () => {
  const publicKey = await openAndClose();
  expect((await readdir(directory)).sort()).toEqual([
    '.e2eeftp',
    'known_server.pub',
    'received',
    'server_id.key',
    'vaults',
  ]);
  const key = `${directory}/server_id.key`;
  expect((await stat(key)).mode & 0o777).toBe(0o600);
  expect((await stat(directory)).mode & 0o077).toBe(0);
  expect(parseIdentity(await readFile(key, 'utf8')).publicKey).toEqual(publicKey);
  const known = parsePublicKey(await readFile(`${directory}/known_server.pub`, 'utf8'));
  expect(Buffer.from(known)).toEqual(Buffer.from(publicKey));
});

test('the identity stays', async () => {
  const first = await openAndClose();
  const text = await readFile(`${directory}/server_id.key`, 'utf8');
  expect(await openAndClose()).toEqual(first);
  expect(await readFile(`${directory}/server_id.key`, 'utf8')).toBe(text);
});

test('while it is open, nobody else can open it', async () => {
  open = await DataDirectory.open(directory);
  await expect(DataDirectory.open(directory)).rejects.toMatchObject({ code: 'in-use' });
  await open.close();
  open = await DataDirectory.open(directory);
});

describe('a key file that cannot be used', () => {
  test.each([
    ['an empty one', ''],
    ['half of one', formatIdentity(Identity.generate()).slice(0, 60)],
    ['a public key', encodePublicKeyPem(Identity.generate().publicKey)],
    ['anything', 'hello'],
  ])('is left as it is: %s', async (_what, text) => {
    await mkdir(directory);
    await writeFile(`${directory}/server_id.key`, text, { mode: 0o600 });
    await expect(openAndClose()).rejects.toMatchObject({ code: 'bad-file' });
    expect(await readFile(`${directory}/server_id.key`, 'utf8')).toBe(text);
    // The failure leaves no lock.
    await rm(`${directory}/server_id.key`);
    await openAndClose();
  });

  test('may be a folder', async () => {
    await mkdir(`${directory}/server_id.key`, { recursive: true });
    await expect(openAndClose()).rejects.toMatchObject({ code: 'bad-file' });
  });
});

test('the public key is that of the private key, also when that was replaced', async () => {
  await openAndClose();
  await rm(`${directory}/server_id.key`);
  const publicKey = await openAndClose();
  expect(await readFile(`${directory}/known_server.pub`, 'utf8')).toBe(
    encodePublicKeyPem(publicKey),
  );
});

test('a private key that others could read is taken from them, with a warning', async () => {
  await openAndClose();
  await chmod(`${directory}/server_id.key`, 0o644);
  const warnings: unknown[] = [];
  const nothing = (): void => undefined;
  const warn = (fields: object, message: string): void => {
    warnings.push({ fields, message });
  };
  await openAndClose({ debug: nothing, info: nothing, error: nothing, warn });
  expect((await stat(`${directory}/server_id.key`)).mode & 0o777).toBe(0o600);
  expect(warnings).toEqual([
    {
      fields: { file: `${directory}/server_id.key` },
      message: 'other users could read the private key; they no longer can',
    },
  ]);
});

test('a file in the place of the directory is told of', async () => {
  await writeFile(directory, '');
  await expect(openAndClose()).rejects.toMatchObject({ code: 'bad-file' });
});
