import { beforeAll, expect, test } from '@jest/globals';

import { encodeCbor, type CborMap } from '@e2eeftp/protocol';
import { Encrypter } from 'age-encryption';

import { KeyringChain, openKeyring, VaultSecrets } from '../../src/index.js';
import { formatAgeRecipient } from '../../src/identity/age-recipient.js';
import { filled, hex } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';
import { person, type Person } from '../support/people.js';
import { append, forge, open, vaultOf, walk, type StoredVault } from '../support/vaults.js';

let alice: Person;
let bob: Person;
let stored: StoredVault;

beforeAll(async () => {
  alice = await person('alice');
  bob = await person('bob');
  stored = await vaultOf(alice, [
    { add: [{ card: bob.card, role: 'writer' }] },
    { newEpoch: true },
  ]);
});

async function seal(plaintext: Uint8Array, ...people: Person[]): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  for (const { card } of people) encrypter.addRecipient(formatAgeRecipient(card.recipient));
  return encrypter.encrypt(plaintext);
}

/** The third keyring as an owner without scruples makes it. */
function thirdWith(sealed: Uint8Array): KeyringChain {
  const chain = walk(stored, 2);
  chain.accept(forge(stored.keyrings[2] as Uint8Array, alice, { sealed }));
  return chain;
}

async function contents(change: CborMap = {}): Promise<Uint8Array> {
  const { secrets } = await open(stored, alice);
  return encodeCbor({
    vault: stored.vault,
    sequence: 3,
    name: 'team',
    secrets: secrets.exportSecrets(),
    ...change,
  });
}

test('opens what an owner sealed, with secrets that were known before', async () => {
  const earlier = openKeyring(walk(stored, 2), bob.sealing).secrets;
  const chain = thirdWith(await seal(await contents(), alice, bob));
  const { name, secrets, pin } = openKeyring(chain, bob.sealing, earlier);
  expect(name).toBe('team');
  expect(secrets.epoch).toBe(2);
  expect(pin).toEqual(chain.pin);
});

test('refuses secrets that changed, for whoever knew the earlier ones', async () => {
  const earlier = openKeyring(walk(stored, 2), bob.sealing).secrets;
  const changed = await contents({ secrets: [filled(32, 1), filled(32, 2)] });
  const chain = thirdWith(await seal(changed, alice, bob));
  expect(codeOf(() => openKeyring(chain, bob.sealing, earlier))).toBe('secrets-changed');
  const fewer = new VaultSecrets(stored.vault, [...earlier.exportSecrets(), filled(32, 3)]);
  const honest = thirdWith(await seal(await contents(), alice, bob));
  expect(codeOf(() => openKeyring(honest, bob.sealing, fewer))).toBe('secrets-changed');
});

test('refuses contents of another keyring', async () => {
  const other = await vaultOf(alice);
  for (const change of [
    { vault: other.vault },
    { sequence: 2 },
    { secrets: [filled(32, 1)] },
    { secrets: [filled(32, 1), filled(32, 1), filled(32, 1)] },
  ]) {
    const chain = thirdWith(await seal(await contents(change), alice, bob));
    expect(codeOf(() => openKeyring(chain, bob.sealing))).toBe('wrong-contents');
  }
});

test('refuses contents of another form', async () => {
  for (const plaintext of [
    new Uint8Array(0),
    await contents({ extra: true }),
    await contents({ secrets: [] }),
    await contents({ secrets: [filled(31, 1), filled(32, 1)] }),
    await contents({ name: 'a\u0000b' }),
    Uint8Array.of(...(await contents()), 0),
  ]) {
    const chain = thirdWith(await seal(plaintext, alice, bob));
    expect(codeOf(() => openKeyring(chain, bob.sealing))).toBe('malformed');
  }
});

test('says that an owner left a member out, or sealed nothing that can be opened', async () => {
  const withoutBob = await seal(await contents(), alice);
  expect(codeOf(() => openKeyring(thirdWith(withoutBob), bob.sealing))).toBe('unopenable');
  expect(codeOf(() => openKeyring(thirdWith(withoutBob), alice.sealing))).toBe(undefined);
  for (const sealed of [
    filled(100, 7),
    Buffer.from('age-encryption.org/v1\n-> mlkem768x25519 x\n'),
  ]) {
    const chain = thirdWith(Uint8Array.from(sealed));
    expect(codeOf(() => openKeyring(chain, bob.sealing))).toBe('unopenable');
  }
});

test('there is nothing to open before a keyring was accepted', async () => {
  const chain = KeyringChain.begin({ vault: stored.vault });
  expect(codeOf(() => openKeyring(chain, alice.sealing))).toBe('misuse');
});

test('the keys of epochs and vaults are all different, and gone when they are wiped', async () => {
  const secrets = [filled(32, 1), filled(32, 2)];
  const one = new VaultSecrets(filled(16, 1), secrets);
  const other = new VaultSecrets(filled(16, 2), secrets);
  const keys = [one.keysOf(1), one.keysOf(2), other.keysOf(1), other.keysOf(2)];
  const all = keys.flatMap(({ nameKey, wrapKey }) => [
    hex(nameKey.subarray(0, 32)),
    hex(nameKey.subarray(32)),
    hex(wrapKey),
  ]);
  expect(new Set(all).size).toBe(all.length);
  expect(one.keysOf(1)).toBe(keys[0]);
  expect(codeOf(() => one.keysOf(0))).toBe('unknown-epoch');
  expect(codeOf(() => one.keysOf(3))).toBe('unknown-epoch');
  one.dispose();
  for (const { nameKey, wrapKey } of keys.slice(0, 2)) {
    expect([...nameKey, ...wrapKey].every((byte) => byte === 0)).toBe(true);
  }
  expect(codeOf(() => one.keysOf(1))).toBe('misuse');
  expect(codeOf(() => one.exportSecrets())).toBe('misuse');
  expect(codeOf(() => one.continues(other))).toBe('misuse');
  expect(codeOf(() => other.continues(one))).toBe('misuse');
  expect(codeOf(() => new VaultSecrets(filled(15, 1), secrets))).toBe('misuse');
  expect(codeOf(() => new VaultSecrets(filled(16, 1), [filled(31, 1)]))).toBe('misuse');
  expect(JSON.stringify(other)).not.toContain('2,2,2');
  expect(Object.keys(other)).toEqual(['vault']);
  expect(hex(secrets[0] as Uint8Array)).toBe('01'.repeat(32));
  expect(hex(other.keysOf(1).nameKey)).not.toMatch(/^0+$/u);
});

test('a longer keyring history changes nothing for who opens the last one', async () => {
  const longer = await vaultOf(alice);
  for (let count = 0; count < 4; count++) await append(longer, alice, { newEpoch: true });
  const { secrets } = await open(longer, alice);
  expect(secrets.epoch).toBe(5);
  const first = openKeyring(walk(longer, 1), alice.sealing);
  expect(secrets.continues(first.secrets)).toBe(true);
  expect(first.secrets.continues(secrets)).toBe(false);
});
