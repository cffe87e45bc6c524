import { link, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { ClientHome, KeptKeyrings, type VaultOnServer } from '../../src/index.js';
import { failureOf, makeFolder } from './support.js';

const of: VaultOnServer = {
  server: new Uint8Array(32).fill(7),
  vault: 'abcdefghijklmnopqrstuvwxyz',
};
const keyrings = ['one', 'two', 'three'].map((text) => Buffer.from(text));

async function keepAll(kept: KeptKeyrings): Promise<void> {
  for (const [index, keyring] of keyrings.entries()) await kept.keep(of, index + 1, keyring);
}

function texts(read: readonly Uint8Array[]): string[] {
  return read.map((keyring) => Buffer.from(keyring).toString());
}

describe('keyrings that were accepted', () => {
  test('are there in a later run, in their order', async () => {
    const home = new ClientHome(join(await makeFolder(), 'home'));
    expect(await home.keyrings.read(of)).toEqual([]);
    await keepAll(home.keyrings);
    await keepAll(home.keyrings);
    expect(texts(await new ClientHome(home.path).keyrings.read(of))).toEqual([
      'one',
      'two',
      'three',
    ]);
  });

  test('are those of one vault on one server', async () => {
    const kept = new KeptKeyrings(await makeFolder());
    await keepAll(kept);
    expect(await kept.read({ ...of, vault: 'b' })).toEqual([]);
    expect(await kept.read({ ...of, server: new Uint8Array(32) })).toEqual([]);
  });

  test('are for their owner alone, and nothing else is left behind', async () => {
    const folder = await makeFolder();
    await keepAll(new KeptKeyrings(join(folder, 'keyrings')));
    const inner = join(folder, 'keyrings', '07'.repeat(32), of.vault);
    expect((await readdir(inner)).sort()).toEqual(['1', '2', '3']);
    if (process.platform === 'win32') return;
    expect((await stat(join(inner, '1'))).mode & 0o777).toBe(0o600);
    expect((await stat(inner)).mode & 0o777).toBe(0o700);
  });

  test('are never replaced, whoever is faster', async () => {
    const kept = new KeptKeyrings(await makeFolder());
    await keepAll(kept);
    const error = await failureOf(kept.keep(of, 2, Buffer.from('another')));
    expect(error.code).toBe('integrity');
    expect(error.message).toContain('another keyring 2');
    const rivals = Array.from({ length: 20 }, (_, index) => kept.keep(of, 4, Buffer.from([index])));
    const results = await Promise.allSettled(rivals);
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    expect(texts(await kept.read(of)).slice(0, 3)).toEqual(['one', 'two', 'three']);
  });

  test('of which one is missing are not taken for fewer', async () => {
    const folder = await makeFolder();
    const kept = new KeptKeyrings(folder);
    await keepAll(kept);
    const inner = join(folder, '07'.repeat(32), of.vault);
    await rm(join(inner, '2'));
    expect((await failureOf(kept.read(of))).code).toBe('local-file');
    await writeFile(join(inner, '2'), Buffer.alloc(9 * 1024 * 1024));
    expect((await failureOf(kept.read(of))).code).toBe('local-file');
  });

  test('are all that counts in their folder', async () => {
    const folder = await makeFolder();
    const kept = new KeptKeyrings(folder);
    await keepAll(kept);
    const inner = join(folder, '07'.repeat(32), of.vault);
    await link(join(inner, '1'), join(inner, '.0011.part'));
    await writeFile(join(inner, '04'), 'x');
    await mkdir(join(inner, 'notes'));
    expect(texts(await kept.read(of))).toEqual(['one', 'two', 'three']);
  });

  test.each(['', '..', 'a/b', 'A', '.keyring', 'a'.repeat(65), 'a\0'])(
    'are not looked for under the id %j',
    async (vault) => {
      const kept = new KeptKeyrings(await makeFolder());
      expect((await failureOf(kept.read({ ...of, vault }))).code).toBe('bad-name');
      expect((await failureOf(kept.keep({ ...of, vault }, 1, Buffer.alloc(1)))).code).toBe(
        'bad-name',
      );
    },
  );
});
