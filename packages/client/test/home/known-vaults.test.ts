import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { fingerprint } from '@e2eeftp/crypto';
import { describe, expect, test } from '@jest/globals';

import { ClientHome, KnownVaults } from '../../src/index.js';
import { failureOf, makeFolder } from './support.js';

const server = new Uint8Array(32).fill(1);
const other = new Uint8Array(32).fill(2);
const alice = fingerprint(new Uint8Array(32).fill(3));
const bob = fingerprint(new Uint8Array(32).fill(4));
const team = { alias: 'team', vault: new Uint8Array(16).fill(5), firstOwner: alice };
const crew = { alias: 'crew', vault: new Uint8Array(16).fill(6), firstOwner: bob };

describe('vaults that have names here', () => {
  test('are there in a later run, each on its server', async () => {
    const home = new ClientHome(join(await makeFolder(), 'home'));
    expect(await home.vaults.list(server)).toEqual([]);
    await home.vaults.add(server, team);
    await home.vaults.add(server, crew);
    await home.vaults.add(other, { ...crew, alias: 'team' });
    const later = new ClientHome(home.path).vaults;
    expect(await later.list(server)).toEqual([team, crew]);
    expect(await later.list(other)).toEqual([{ ...crew, alias: 'team' }]);
    await later.remove(server, 'team');
    expect(await home.vaults.list(server)).toEqual([crew]);
    expect(await home.vaults.list(other)).toHaveLength(1);
    expect((await failureOf(later.remove(server, 'team'))).code).toBe('not-found');
    if (process.platform === 'win32') return;
    expect((await stat(join(home.path, 'vaults.toml'))).mode & 0o777).toBe(0o600);
  });

  test('without a file are known for as long as the object is', async () => {
    const known = new KnownVaults();
    await known.add(server, team);
    expect(await known.list(server)).toEqual([team]);
    expect(await new KnownVaults().list(server)).toEqual([]);
  });

  test('never share a name, nor have two', async () => {
    const known = new KnownVaults();
    await known.add(server, team);
    for (const rival of [team, { ...crew, alias: 'team' }, { ...team, alias: 'crew' }]) {
      expect((await failureOf(known.add(server, rival))).code).toBe('conflict');
    }
    const decomposed = { ...team, alias: 'e\u0301quipe', vault: new Uint8Array(16).fill(7) };
    await known.add(server, decomposed);
    const composed = { ...crew, alias: '\u00e9quipe' };
    expect((await failureOf(known.add(server, composed))).code).toBe('conflict');
  });

  test('of which two programs add one each are both known', async () => {
    const path = join(await makeFolder(), 'vaults.toml');
    const adding = [team, crew].map((vault) => new KnownVaults(path).add(server, vault));
    await Promise.all(adding);
    expect(await new KnownVaults(path).list(server)).toHaveLength(2);
  });

  test.each([
    'home',
    'plain',
    '',
    ' ',
    'a:b',
    'a/b',
    '.',
    '..',
    '-a',
    'a b',
    'a\n',
    'x'.repeat(65),
  ])('are not called %j', async (alias) => {
    const error = await failureOf(new KnownVaults().add(server, { ...team, alias }));
    expect(error.code).toBe('bad-name');
  });

  test.each(['team', 'Team-2.x_y', 'équipe', '団体', '7'])('can be called %j', async (alias) => {
    const known = new KnownVaults();
    await known.add(server, { ...team, alias });
    expect((await known.list(server))[0]?.alias).toBe(alias.normalize('NFC'));
  });

  test('are refused as a whole when somebody made the file ambiguous or wrong', async () => {
    const path = join(await makeFolder(), 'vaults.toml');
    const known = new KnownVaults(path);
    await known.add(server, team);
    const text = await readFile(path, 'utf8');
    for (const wrong of [
      `${text}\n${text}`,
      text.replace('team', 'home'),
      text.replace('firstOwner', 'owner'),
      text.replace(alice, 'AAAAA'),
      `${text}\nmore = 1`,
      'vaults = 1',
      '[[',
      '[[people]]\nname = "bob"\nfingerprint = "x"',
    ]) {
      await writeFile(path, wrong);
      expect((await failureOf(known.list(server))).code).toBe('bad-configuration');
      expect((await failureOf(known.add(server, crew))).code).toBe('bad-configuration');
      expect(await readFile(path, 'utf8')).toBe(wrong);
    }
  });
});

describe('names of people', () => {
  test('mean whom they were tied to first', async () => {
    const known = new KnownVaults(join(await makeFolder(), 'vaults.toml'));
    expect(await known.fingerprintOf('bob')).toBeUndefined();
    expect(await known.tie('bob', bob)).toBe(true);
    expect(await known.tie('bob', bob)).toBe(true);
    expect(await known.tie('bob', alice)).toBe(false);
    expect(await known.fingerprintOf('bob')).toBe(bob);
    await known.add(server, team);
    expect(await known.fingerprintOf('bob')).toBe(bob);
  });

  test('are none that could be fingerprints', async () => {
    const known = new KnownVaults();
    expect(await known.tie(alice, bob)).toBe(false);
    expect(await known.tie(alice.toLowerCase().replaceAll('-', ' '), bob)).toBe(false);
    expect(await known.fingerprintOf(alice)).toBeUndefined();
  });
});
