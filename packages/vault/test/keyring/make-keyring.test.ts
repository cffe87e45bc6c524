import { beforeAll, describe, expect, test } from '@jest/globals';

import { Identity } from '@e2eeftp/crypto';

import {
  homeVaultId,
  KeyringChain,
  makeCard,
  makeFirstKeyring,
  makeNextKeyring,
  openKeyring,
  roleOf,
  SealingIdentity,
  type KeyringChange,
  type Member,
  type OpenedKeyring,
} from '../../src/index.js';
import { backends } from '../support/backends.js';
import { filled, flipByte, hex } from '../support/bytes.js';
import { codeOfAsync } from '../support/errors.js';
import { person, type Person } from '../support/people.js';
import { append, open, vaultOf, walk } from '../support/vaults.js';

let alice: Person;
let bob: Person;
let carol: Person;

beforeAll(async () => {
  alice = await person('alice');
  bob = await person('bob');
  carol = await person('carol');
});

const writer = ({ card }: Person): Member => ({ card, role: 'writer' });

async function refusal(
  opened: OpenedKeyring,
  change: KeyringChange,
): ReturnType<typeof codeOfAsync> {
  return codeOfAsync(makeNextKeyring(opened, alice.identity, change));
}

describe.each(backends)('on %s', (_name, backend) => {
  test('a home begins with its owner, who finds it with his key alone', async () => {
    const { vault, bytes } = await makeFirstKeyring(
      { owner: alice.identity, card: alice.card, name: 'home', kind: 'home' },
      backend,
    );
    expect(hex(vault)).toBe(hex(homeVaultId(alice.identity, backend)));
    const origin = { vault: homeVaultId(alice.identity), firstOwner: alice.fingerprint };
    const chain = KeyringChain.begin(origin, backend);
    chain.accept(bytes);
    const opened = openKeyring(chain, alice.sealing, undefined, backend);
    expect(opened).toMatchObject({ name: 'home', keyring: { epoch: 1, sequence: 1 } });
    expect(opened.secrets.epoch).toBe(1);
  });

  test('members come, change and go, and each sees what was his', async () => {
    const { vault, bytes } = await makeFirstKeyring(
      { owner: alice.identity, card: alice.card, name: 'team', kind: 'shared' },
      backend,
    );
    const chain = KeyringChain.begin({ vault }, backend);
    chain.accept(bytes);
    const steps: [KeyringChange, Person, number][] = [
      [{ add: [writer(bob), { card: carol.card, role: 'reader' }] }, bob, 1],
      [{ roles: [{ identity: carol.card.identity, role: 'owner' }] }, carol, 1],
      [{ roles: [{ identity: carol.card.identity, role: 'reader' }] }, carol, 2],
      [{ remove: [bob.card.identity] }, carol, 3],
      [{ add: [writer(bob)], name: 'new team' }, bob, 3],
      [{ newEpoch: true }, bob, 4],
      [{ oldest: 4 }, bob, 4],
    ];
    let opened = openKeyring(chain, alice.sealing, undefined, backend);
    for (const [change, member, epoch] of steps) {
      chain.accept(await makeNextKeyring(opened, alice.identity, change, backend));
      const now = openKeyring(chain, alice.sealing, opened.secrets, backend);
      expect(now.secrets.epoch).toBe(epoch);
      expect(now.secrets.continues(opened.secrets)).toBe(true);
      const theirs = openKeyring(chain, member.sealing, undefined, backend);
      expect(theirs.secrets.exportSecrets().map((bytes) => hex(bytes))).toEqual(
        now.secrets.exportSecrets().map((bytes) => hex(bytes)),
      );
      opened = now;
    }
    expect(opened.name).toBe('new team');
    expect(opened.keyring).toMatchObject({ oldest: 4, former: [] });
  });
});

test('whoever is removed opens the last keyring that was his, and no later one', async () => {
  const stored = await vaultOf(alice, [{ add: [writer(bob)] }, { remove: [bob.card.identity] }]);
  expect(await codeOfAsync(open(stored, bob))).toBe('not-a-member');
  expect(await codeOfAsync(open(stored, carol))).toBe('not-a-member');
  const before = openKeyring(walk(stored, 2), bob.sealing);
  const now = await open(stored, alice);
  expect(now.secrets.epoch).toBe(2);
  expect(hex(now.secrets.keysOf(1).nameKey)).toBe(hex(before.secrets.keysOf(1).nameKey));
  const known = before.secrets.exportSecrets().map((bytes) => hex(bytes));
  expect(known).not.toContain(hex(now.secrets.exportSecrets()[1] as Uint8Array));
});

test('only what takes access begins a new epoch', async () => {
  const carolsIs = (role: 'owner' | 'writer' | 'reader'): KeyringChange => ({
    roles: [{ identity: carol.card.identity, role }],
  });
  const stored = await vaultOf(alice, [{ add: [{ card: carol.card, role: 'reader' }] }]);
  const epochs: number[] = [];
  for (const change of [
    carolsIs('writer'),
    carolsIs('owner'),
    carolsIs('writer'),
    carolsIs('reader'),
    carolsIs('owner'),
    carolsIs('reader'),
  ]) {
    epochs.push((await append(stored, alice, change)).epoch);
  }
  expect(epochs).toEqual([1, 1, 1, 2, 2, 3]);
});

test('the display name and the secrets are not in the keyring for everybody to see', async () => {
  const stored = await vaultOf(alice, [{ name: 'merger with nobody yet' }]);
  const bytes = Buffer.from(stored.keyrings[1] as Uint8Array);
  expect(bytes.includes('merger')).toBe(false);
  const { secrets } = await open(stored, alice);
  for (const secret of secrets.exportSecrets()) {
    expect(bytes.includes(Buffer.from(secret))).toBe(false);
  }
});

test('a member who renamed himself gets his new card in', async () => {
  const stored = await vaultOf(alice, [{ add: [writer(bob)] }]);
  const robert = makeCard(bob.identity, bob.sealing, 'robert');
  const { members } = await append(stored, alice, { cards: [robert] });
  expect(members.map(({ card }) => card.name).sort()).toEqual(['alice', 'robert']);
});

test('refuses what cannot be', async () => {
  const opened = await open(await vaultOf(alice, [{ add: [writer(bob)] }]), alice);
  const alicesKey = alice.card.identity;
  expect(await refusal(opened, { add: [writer(bob)] })).toBe('already-a-member');
  expect(await refusal(opened, { add: [writer(carol), writer(carol)] })).toBe('already-a-member');
  expect(await refusal(opened, { remove: [carol.card.identity] })).toBe('unknown-member');
  expect(
    await refusal(opened, { roles: [{ identity: carol.card.identity, role: 'reader' }] }),
  ).toBe('unknown-member');
  expect(await refusal(opened, { cards: [carol.card] })).toBe('unknown-member');
  expect(await refusal(opened, { remove: [alicesKey] })).toBe('no-owner');
  expect(await refusal(opened, { roles: [{ identity: alicesKey, role: 'writer' }] })).toBe(
    'no-owner',
  );
  expect(await refusal(opened, { name: 'a/b' })).toBe('bad-name');
  expect(await refusal(opened, { oldest: 2 })).toBe('wrong-oldest');
  expect(await refusal(opened, { oldest: 0 })).toBe('wrong-oldest');
  expect(await refusal(opened, { oldest: 0.5 })).toBe('wrong-oldest');
  const forged = { ...carol.card, signature: flipByte(carol.card.signature, 0) };
  expect(await refusal(opened, { add: [{ card: forged, role: 'reader' }] })).toBe('bad-card');
  expect(await codeOfAsync(makeNextKeyring(opened, bob.identity, {}))).toBe('not-an-owner');
  expect(await codeOfAsync(makeNextKeyring(opened, carol.identity, {}))).toBe('not-an-owner');
  expect(
    await codeOfAsync(
      makeFirstKeyring({ owner: bob.identity, card: alice.card, name: 'x', kind: 'home' }),
    ),
  ).toBe('misuse');
});

test('refuses what outgrows a keyring before anything is sealed', async () => {
  const opened = await open(await vaultOf(alice, [{ add: [writer(bob)] }]), alice);
  const many = Array.from({ length: 1000 }, () => writer(carol));
  expect(await refusal(opened, { add: many })).toBe('too-many');
  const former = Array.from({ length: 2000 }, (_, index) => ({
    identity: Uint8Array.of(...filled(30, 1), index >> 8, index & 0xff),
    name: `former ${index}`,
    role: 'writer' as const,
    lastEpoch: 1,
  }));
  const withFormer = { ...opened, keyring: { ...opened.keyring, former } };
  expect(await refusal(withFormer, { remove: [bob.card.identity] })).toBe('too-many');
  const lastEpoch = { ...opened, keyring: { ...opened.keyring, epoch: 10_000 } };
  expect(await refusal(lastEpoch, { newEpoch: true })).toBe('too-many');
  const last = { ...opened, keyring: { ...opened.keyring, sequence: 1_000_000 } };
  expect(await refusal(last, {})).toBe('too-many');
});

test('an owner can hand the vault over and leave', async () => {
  const stored = await vaultOf(alice, [{ add: [{ card: bob.card, role: 'owner' }] }]);
  await append(stored, alice, { remove: [alice.card.identity] });
  const { keyring } = await open(stored, bob);
  expect(keyring.former).toMatchObject([{ name: 'alice', role: 'owner', lastEpoch: 1 }]);
  await append(stored, bob, { add: [writer(carol)] });
  expect(roleOf(walk(stored).current, carol.card.identity)).toBe('writer');
});

test('fifty members are added at once, and the last of them opens it', async () => {
  const people = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const identity = new Identity(filled(32, index + 100));
      const sealing = SealingIdentity.of(identity);
      return { sealing, card: makeCard(identity, sealing, `member ${index}`) };
    }),
  );
  const stored = await vaultOf(alice);
  const { members } = await append(stored, alice, {
    add: people.map(({ card }) => ({ card, role: 'writer' as const })),
  });
  expect(members).toHaveLength(51);
  const last = people.find(({ card }) => card.name === members.at(-1)?.card.name) ?? people[0]!;
  const opened = openKeyring(walk(stored), last.sealing);
  expect(opened.name).toBe('team');
});
