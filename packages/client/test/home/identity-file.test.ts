import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import {
  ClientHome,
  defaultHomePath,
  formatPublicKey,
  loadIdentity,
  loadOrCreateIdentity,
  parsePublicKey,
} from '../../src/index.js';
import { failureOf, makeFolder } from './support.js';

const posix = process.platform === 'win32' ? test.skip : test;

describe('the place of a home', () => {
  test('is what E2EEFTP_HOME says, else a folder of the platform', () => {
    expect(defaultHomePath({ E2EEFTP_HOME: '/somewhere' })).toBe('/somewhere');
    expect(defaultHomePath({})).toMatch(/[/\\]e2eeftp([/\\]|$)/u);
    expect(defaultHomePath({ E2EEFTP_HOME: '' })).toBe(defaultHomePath({}));
  });

  test('is not made before something is to be kept', async () => {
    const home = new ClientHome(join(await makeFolder(), 'home'));
    await home.configuration.read();
    await home.knownServers.read();
    await failureOf(home.loadIdentity());
    await expect(stat(home.path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('an identity file', () => {
  posix('is made once, for its owner alone', async () => {
    const home = new ClientHome(join(await makeFolder(), 'a', 'home'));
    const first = await home.loadOrCreateIdentity();
    expect(first.isNew).toBe(true);
    expect((await stat(home.path)).mode & 0o777).toBe(0o700);
    expect((await stat(home.identityPath)).mode & 0o777).toBe(0o600);
    expect(await readdir(home.path)).toEqual(['client_id.key']);
    const again = await home.loadOrCreateIdentity();
    expect(again.isNew).toBe(false);
    expect(again.identity.publicKey).toEqual(first.identity.publicKey);
    expect((await home.loadIdentity()).publicKey).toEqual(first.identity.publicKey);
  });

  test('is the same for everybody who makes it at the same time', async () => {
    const path = join(await makeFolder(), 'home', 'client_id.key');
    const made = await Promise.all(Array.from({ length: 12 }, () => loadOrCreateIdentity(path)));
    const keys = new Set(made.map(({ identity }) => formatPublicKey(identity.publicKey)));
    expect(keys.size).toBe(1);
    expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await readdir(join(path, '..'))).toEqual(['client_id.key']);
  });

  posix.each([0o640, 0o604, 0o620, 0o601, 0o666])('is refused with mode %o', async (mode) => {
    const path = join(await makeFolder(), 'key');
    await loadOrCreateIdentity(path);
    await chmod(path, mode);
    const failure = await failureOf(loadIdentity(path));
    expect(failure.code).toBe('bad-identity');
    expect(failure.message).toContain(`chmod 600 ${path}`);
    expect((await failureOf(loadOrCreateIdentity(path))).code).toBe('bad-identity');
  });

  posix('is taken with any mode by who asks to hear of that', async () => {
    const path = join(await makeFolder(), 'key');
    const { identity } = await loadOrCreateIdentity(path);
    const heard: string[] = [];
    const options = { onExposed: (warning: string) => heard.push(warning) };
    await loadIdentity(path, options);
    expect(heard).toEqual([]);
    await chmod(path, 0o644);
    const loaded = await loadIdentity(path, options);
    expect(loaded.publicKey).toEqual(identity.publicKey);
    expect(heard).toEqual([expect.stringContaining(`chmod 600 ${path}`)]);
  });

  test('that is damaged is refused and stays', async () => {
    const path = join(await makeFolder(), 'key');
    for (const text of [
      '',
      'nonsense',
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
    ]) {
      await writeFile(path, text, { mode: 0o600 });
      expect((await failureOf(loadOrCreateIdentity(path))).code).toBe('bad-identity');
      expect(await readFile(path, 'utf8')).toBe(text);
    }
    await writeFile(path, 'x'.repeat(100_000), { mode: 0o600 });
    expect((await failureOf(loadIdentity(path))).code).toBe('bad-identity');
  });

  test('that is missing, or is a folder, is said to be so', async () => {
    const folder = await makeFolder();
    const missing = await failureOf(loadIdentity(join(folder, 'key')));
    expect(missing.code).toBe('bad-identity');
    expect(missing.message).toContain('e2eeftp init');
    await mkdir(join(folder, 'folder'), { mode: 0o700 });
    await failureOf(loadIdentity(join(folder, 'folder')));
  });

  test('of ssh-keygen is read, its passphrase asked for only when there is one', async () => {
    const folder = await makeFolder();
    const asked: string[] = [];
    const passphrase = async (path: string): Promise<string> => {
      asked.push(path);
      return 'open sesame';
    };
    for (const [name, secret] of [
      ['plain', ''],
      ['secret', 'open sesame'],
    ] as const) {
      const path = join(folder, name);
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', secret, '-f', path]);
      const identity = await loadIdentity(path, { passphrase });
      const line = await readFile(`${path}.pub`, 'utf8');
      expect(formatPublicKey(identity.publicKey)).toBe(formatPublicKey(parsePublicKey(line)));
    }
    expect(asked).toEqual([join(folder, 'secret')]);
    const path = join(folder, 'secret');
    expect((await failureOf(loadIdentity(path))).code).toBe('bad-identity');
    const wrong = loadIdentity(path, { passphrase: async () => 'open' });
    expect((await failureOf(wrong)).code).toBe('bad-identity');
  });
});
