import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from '@jest/globals';

import { fingerprint, Identity } from '@e2eeftp/crypto';

import {
  encodeCard,
  formatVaultId,
  homeVaultId,
  KeyringChain,
  makeCard,
  openKeyring,
  parseCard,
  parseVaultId,
  SealingIdentity,
  VaultNames,
  VaultSecrets,
  vaultIdOf,
  type DirectoryIds,
} from '../src/index.js';
import { encodeKeyring, parseKeyring } from '../src/keyring/keyring.js';
import { backends } from './support/backends.js';
import { hex, unhex } from './support/bytes.js';
import { codeOf } from './support/errors.js';
import { named, vectorFile, vectorFileText, type Vector } from './support/vectors.js';

const file = vectorFile('vault');
const vault = file.child('vault');
const keyrings = file.list('keyrings').map((text) => unhex(String(text)));
const people = file.children('people').map((one) => [one.text('name'), one] as const);

test('the script that made vault.json makes it again', () => {
  const script = fileURLToPath(new URL('../../../vectors/make-vault.mjs', import.meta.url));
  const printed = execFileSync(process.execPath, [script], { encoding: 'utf8' });
  expect(printed).toBe(vectorFileText('vault.json'));
});

describe.each(backends)('on %s', (_name, backend) => {
  test.each(people)('the keys, the card and the home of %s', async (name, expected) => {
    const identity = new Identity(expected.bytes('seed'), backend);
    expect(hex(identity.publicKey)).toBe(expected.text('identity'));
    const sealing = SealingIdentity.of(identity, backend);
    expect(sealing.exportAgeIdentity()).toBe(expected.text('ageIdentity'));
    expect(hex(encodeCard(makeCard(identity, sealing, name)))).toBe(expected.text('card'));
    expect(hex(encodeCard(parseCard(expected.bytes('card'), backend)))).toBe(expected.text('card'));
    const home = homeVaultId(identity, backend);
    expect(hex(home)).toBe(expected.text('home'));
    expect(formatVaultId(home)).toBe(expected.text('homeText'));
  });

  test('the vault’s id follows from its first owner', () => {
    const id = vaultIdOf(alice().bytes('identity'), vault.bytes('random'), backend);
    expect(hex(id)).toBe(vault.text('id'));
    expect(formatVaultId(id)).toBe(vault.text('text'));
    expect(hex(parseVaultId(vault.text('text')))).toBe(vault.text('id'));
  });

  test('the keyrings follow one another', () => {
    const chain = chainAfter(keyrings.length);
    expect(chain.current).toMatchObject({ sequence: 4, epoch: 2, oldest: 2, former: [] });
    for (const bytes of keyrings) expect(hex(encodeKeyring(parseKeyring(bytes)))).toBe(hex(bytes));
  });

  test('the first keyring opens', async () => {
    const identity = new Identity(alice().bytes('seed'), backend);
    const sealing = SealingIdentity.of(identity, backend);
    const { name, secrets } = openKeyring(chainAfter(1), sealing, undefined, backend);
    expect(name).toBe(vault.text('name'));
    expect(secrets.exportSecrets().map((secret) => hex(secret))).toEqual([
      file.children('keys')[0]?.text('secret'),
    ]);
  });

  test.each(named(file.children('refused')))('refuses the keyring: %s', (_comment, vector) => {
    const chain = chainAfter(vector.number('after'));
    expect(codeOf(() => chain.accept(vector.bytes('bytes')))).toBe(vector.text('layer'));
  });

  test('the keys of the epochs', () => {
    for (const vector of file.children('keys')) {
      const keys = allSecrets().keysOf(vector.number('epoch'));
      expect(hex(keys.nameKey)).toBe(vector.text('nameKey'));
      expect(hex(keys.wrapKey)).toBe(vector.text('wrapKey'));
    }
  });

  test.each(named(file.children('names')))('a name: %s', (_comment, vector) => {
    const [id, name, epoch] = [vector.bytes('id'), vector.text('name'), vector.number('epoch')];
    const directory = directoryOf(vector);
    const stored = vector.text('stored');
    expect(namesIn(epoch).seal(directory, id, name)).toBe(stored);
    expect(namesIn(2).open(directory, stored)).toEqual({ state: 'opened', id, name, epoch });
  });

  test.each(named(file.children('damagedNames')))('a damaged name: %s', (_comment, vector) => {
    expect(namesIn(2).open(directoryOf(vector), vector.text('stored'))).toEqual({
      state: 'damaged',
      reason: vector.text('layer'),
    });
  });

  function chainAfter(count: number): KeyringChain {
    const firstOwner = fingerprint(alice().bytes('identity'), backend);
    const chain = KeyringChain.begin({ vault: vault.bytes('id'), firstOwner }, backend);
    for (const bytes of keyrings.slice(0, count)) chain.accept(bytes);
    return chain;
  }

  function allSecrets(): VaultSecrets {
    const secrets = file.children('keys').map((vector) => vector.bytes('secret'));
    return new VaultSecrets(vault.bytes('id'), secrets, backend);
  }

  function namesIn(epoch: number): VaultNames {
    const secrets = allSecrets().exportSecrets().slice(0, epoch);
    const keyring = { ...chainAfter(2).current, epoch, oldest: 1 };
    const opened = { keyring, secrets: new VaultSecrets(vault.bytes('id'), secrets, backend) };
    return new VaultNames(opened, backend);
  }
});

function alice(): Vector {
  return people[0]![1];
}

function directoryOf(vector: Vector): DirectoryIds {
  const [root, ...below] = vector.list('directory').map((id) => unhex(String(id)));
  if (!root) throw new Error('a directory begins with the root');
  return [root, ...below];
}
