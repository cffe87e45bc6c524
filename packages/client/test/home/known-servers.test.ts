import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import {
  fingerprint,
  formatPublicKey,
  Identity,
  KnownServersFile,
  loadServerKey,
  parseServerAddress,
  trustKnownServer,
  UntrustedServerError,
} from '../../src/index.js';
import { failureOf, makeFolder } from './support.js';

const here = parseServerAddress('localhost:5001');
const there = parseServerAddress('[::1]:5001');
const a = Identity.generate().publicKey;
const b = Identity.generate().publicKey;

async function makeFile(text?: string): Promise<KnownServersFile> {
  const path = join(await makeFolder(), 'known_servers');
  if (text !== undefined) await writeFile(path, text);
  return new KnownServersFile(path);
}

async function distrust(file: KnownServersFile, key: Uint8Array): Promise<UntrustedServerError> {
  const verify = await trustKnownServer(file, here);
  const failure = await failureOf(() => {
    verify(key);
  });
  if (failure instanceof UntrustedServerError) return failure;
  throw failure;
}

describe('known servers', () => {
  test('are added line by line; everything else in the file stays', async () => {
    const text = '# by hand\r\n\nlocalhost:22 not-touched-below';
    const file = await makeFile(text.replace('not-touched-below', formatPublicKey(b)));
    const before = await readFile(file.path, 'utf8');
    await file.add(here, a);
    await file.add(there, b);
    await file.add(here, a);
    expect(await readFile(file.path, 'utf8')).toBe(
      `${before}\nlocalhost:5001 ${formatPublicKey(a)}\n[::1]:5001 ${formatPublicKey(b)}\n`,
    );
  });

  test('are trusted with their key and with no other', async () => {
    const file = await makeFile();
    await file.add(here, a);
    await file.add(there, b);
    const verify = await trustKnownServer(file, here);
    expect(() => {
      verify(a);
    }).not.toThrow();
    expect((await distrust(file, b)).code).toBe('changed-server');
    expect(
      (
        await distrust(
          file,
          a.map((byte) => byte ^ 1),
        )
      ).code,
    ).toBe('changed-server');
  });

  test('that are not there are unknown, and the message says what to do', async () => {
    const failure = await distrust(await makeFile(), a);
    expect(failure.code).toBe('unknown-server');
    expect(failure.serverIdentity).toEqual(a);
    expect(failure.message).toContain(fingerprint(a));
    expect(failure.message).toContain('e2eeftp init localhost:5001');
    expect(failure.message).toContain('--fingerprint');
  });

  test('that changed are named with file and line, and never replaced', async () => {
    const file = await makeFile(`# first\nLOCALHOST:5001 ${formatPublicKey(a)}\n`);
    const failure = await distrust(file, b);
    expect(failure.code).toBe('changed-server');
    expect(failure.message).toContain(`${file.path}, line 2`);
    expect(failure.message).toContain(fingerprint(a));
    expect(failure.message).toContain(fingerprint(b));
    expect((await failureOf(file.add(here, b))).code).toBe('changed-server');
    expect(await readFile(file.path, 'utf8')).toBe(
      `# first\nLOCALHOST:5001 ${formatPublicKey(a)}\n`,
    );
  });

  test('may have several keys, while one takes the place of another', async () => {
    const file = await makeFile(
      `localhost:5001 ${formatPublicKey(a)}\nlocalhost:5001 ${formatPublicKey(b)}\n`,
    );
    const verify = await trustKnownServer(file, here);
    expect(() => {
      verify(a);
      verify(b);
    }).not.toThrow();
  });

  test('at another port are other servers', async () => {
    const file = await makeFile(`localhost:5002 ${formatPublicKey(a)}\n`);
    expect((await distrust(file, a)).code).toBe('unknown-server');
  });

  test.each([
    'localhost:5001',
    'localhost:5001 AAAA',
    `localhost:5001 ${formatPublicKey(a)} comment`,
    `localhost:99999 ${formatPublicKey(a)}`,
    formatPublicKey(a),
    `localhost:5001 ${formatPublicKey(new Uint8Array(32))}`,
  ])('in a damaged line make the file invalid: %s', async (line) => {
    // Otherwise a damaged line would turn a known server into an unknown one, which --yes accepts.
    const file = await makeFile(`other:1 ${formatPublicKey(b)}\n${line}\n`);
    const failure = await failureOf(trustKnownServer(file, here));
    expect(failure.code).toBe('bad-configuration');
    expect(failure.message).toContain(`${file.path}, line 2`);
  });
});

describe('a key of a server in a file', () => {
  test('is read in every form, and nothing else is', async () => {
    const path = join(await makeFolder(), 'server.pub');
    await writeFile(path, `${formatPublicKey(a)}\n`);
    expect(await loadServerKey(path)).toEqual(a);
    await writeFile(path, 'nothing');
    expect((await failureOf(loadServerKey(path))).code).toBe('bad-configuration');
    expect((await failureOf(loadServerKey(`${path}.missing`))).code).toBe('local-file');
  });
});

describe('edits of known servers', () => {
  test('wait for each other', async () => {
    const file = await makeFile('# first\n');
    const ports = Array.from({ length: 20 }, (_, index) => index + 1);
    await Promise.all(ports.map((port) => file.add({ host: 'a', port }, a)));
    expect((await file.read()).map(({ address }) => address.port).sort((x, y) => x - y)).toEqual(
      ports,
    );
    await Promise.all(ports.map((port) => file.remove({ host: 'a', port })));
    expect(await readFile(file.path, 'utf8')).toBe('# first\n');
    expect(await readdir(join(file.path, '..'))).toEqual(['known_servers']);
  });

  test('say what they did', async () => {
    const file = await makeFile();
    expect(await file.add(here, a)).toBe(true);
    expect(await file.add(here, a)).toBe(false);
    expect(await file.remove(there)).toEqual([]);
    expect(await file.remove(here)).toEqual([{ address: here, publicKey: a, line: 1 }]);
    expect(await readFile(file.path, 'utf8')).toBe('');
  });

  test('do not happen behind the lock of another program, and say what to do', async () => {
    const file = await makeFile('');
    await writeFile(`${file.path}.lock`, '');
    const failure = await failureOf(file.add(here, a));
    expect(failure.code).toBe('local-file');
    expect(failure.message).toContain(`${file.path}.lock is in the way`);
    expect(await readFile(file.path, 'utf8')).toBe('');
  }, 15_000);

  test('of a damaged file do nothing', async () => {
    const file = await makeFile('nonsense\n');
    expect((await failureOf(file.add(here, a))).code).toBe('bad-configuration');
    expect((await failureOf(file.remove(here))).code).toBe('bad-configuration');
    expect(await readdir(join(file.path, '..'))).toEqual(['known_servers']);
  });
});
