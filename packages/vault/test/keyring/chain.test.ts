import { beforeAll, describe, expect, test } from '@jest/globals';

import { fingerprint, type CryptoBackend } from '@e2eeftp/crypto';

import { KeyringChain, type Keyring, type KeyringPin } from '../../src/index.js';
import { encodeKeyring, parseKeyring } from '../../src/keyring/keyring.js';
import { backends } from '../support/backends.js';
import { filled, flipByte, hex } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';
import { person, type Person } from '../support/people.js';
import { append, forge, vaultOf, walk, type StoredVault } from '../support/vaults.js';

let alice: Person;
let bob: Person;
let carol: Person;
let mallory: Person;
let stored: StoredVault;

beforeAll(async () => {
  [alice, bob, carol, mallory] = (await Promise.all(
    ['alice', 'bob', 'carol', 'mallory'].map(person),
  )) as [Person, Person, Person, Person];
  stored = await vaultOf(alice, [
    { add: [{ card: bob.card, role: 'owner' }] },
    { add: [{ card: carol.card, role: 'writer' }] },
    { remove: [carol.identity.publicKey] },
    { oldest: 2 },
  ]);
});

/** What a chain that accepted the first `count` keyrings says to another one. */
function verdict(
  count: number,
  bytes: Uint8Array,
  backend?: CryptoBackend,
): ReturnType<typeof codeOf> {
  const chain = KeyringChain.begin({ vault: stored.vault }, backend);
  for (const before of stored.keyrings.slice(0, count)) chain.accept(before);
  return codeOf(() => chain.accept(bytes));
}

function keyring(sequence: number): Uint8Array {
  return stored.keyrings[sequence - 1] as Uint8Array;
}

describe.each(backends)('a chain on %s', (_name, backend) => {
  test('takes every keyring in turn, and pins the last', () => {
    const chain = KeyringChain.begin(
      { vault: stored.vault, firstOwner: alice.fingerprint },
      backend,
    );
    expect(codeOf(() => chain.current)).toBe('misuse');
    expect(codeOf(() => chain.pin)).toBe('misuse');
    stored.keyrings.forEach((bytes, index) => {
      expect(chain.nextSequence).toBe(index + 1);
      expect(chain.accept(bytes).sequence).toBe(index + 1);
    });
    expect(chain.current).toMatchObject({ sequence: 5, epoch: 2, oldest: 2 });
    expect(hex(chain.pin.hash)).toBe(hex(backend.sha256(keyring(5))));
  });

  test('goes on from a pin, and from no other keyring of that number', () => {
    const { pin } = walk(stored, 3);
    const chain = KeyringChain.resume(pin, backend);
    expect(chain.nextSequence).toBe(3);
    expect(codeOf(() => chain.accept(keyring(2)))).toBe('older-state');
    expect(codeOf(() => chain.accept(keyring(4)))).toBe('gap');
    expect(codeOf(() => chain.accept(forge(keyring(3), bob, {})))).toBe('fork');
    chain.accept(keyring(3));
    expect(chain.accept(keyring(4)).sequence).toBe(4);
  });

  test('takes the accepted keyring once more', () => {
    const chain = walk(stored, 2);
    expect(chain.accept(keyring(2))).toMatchObject({ sequence: 2 });
    expect(chain.nextSequence).toBe(3);
  });

  test('refuses older keyrings, gaps and forks', () => {
    expect(verdict(3, keyring(2), backend)).toBe('older-state');
    expect(verdict(3, keyring(1), backend)).toBe('older-state');
    expect(verdict(2, keyring(4), backend)).toBe('gap');
    expect(verdict(0, keyring(2), backend)).toBe('gap');
    expect(verdict(3, forge(keyring(3), alice, {}), backend)).toBe(undefined);
    expect(verdict(3, forge(keyring(3), bob, {}), backend)).toBe('fork');
    expect(verdict(3, forge(keyring(4), alice, { previous: filled(32, 7) }), backend)).toBe('fork');
  });

  test('a fork stays refused when it is continued', () => {
    const other = forge(keyring(2), alice, { sealed: filled(40, 1) });
    const continued = forge(keyring(3), alice, { previous: backend.sha256(other) });
    expect(verdict(1, other, backend)).toBe(undefined);
    expect(verdict(2, continued, backend)).toBe('fork');
  });

  test('refuses whoever was no owner in the keyring before', () => {
    expect(verdict(3, forge(keyring(4), mallory, {}), backend)).toBe('wrong-signer');
    expect(verdict(3, forge(keyring(4), carol, {}), backend)).toBe('wrong-signer');
    // Bob owns the second keyring, and still could not make it himself.
    expect(verdict(1, forge(keyring(2), bob, {}), backend)).toBe('wrong-signer');
    expect(verdict(3, forge(keyring(4), bob, {}), backend)).toBe(undefined);
  });

  test('refuses an owner’s keyring with one byte changed', () => {
    const bytes = keyring(4);
    const places = Array.from({ length: 60 }, (_, index) => (index * 7919) % bytes.length);
    for (const place of [0, 1, bytes.length - 1, ...places]) {
      expect(verdict(3, flipByte(bytes, place), backend)).toEqual(expect.any(String));
    }
  });

  test('refuses an owner’s name under another’s signature', () => {
    const signedByBob = forge(keyring(4), bob, { signer: alice.identity.publicKey });
    expect(verdict(3, signedByBob, backend)).toBe('bad-signature');
    expect(verdict(3, forge(keyring(4), alice, { signer: bob.identity.publicKey }), backend)).toBe(
      'bad-signature',
    );
  });
});

test('refuses whom the server adds, promotes or puts in another’s place', () => {
  const honest = parseKeyring(keyring(3));
  const verdictOn = (change: Partial<Keyring>): ReturnType<typeof codeOf> =>
    verdict(2, encodeKeyring({ ...honest, ...change }));
  expect(verdictOn({})).toBe(undefined);
  const added = [...honest.members, { card: mallory.card, role: 'owner' as const }].sort(
    (one, other) => Buffer.compare(one.card.identity, other.card.identity),
  );
  expect(verdictOn({ members: added })).toBe('bad-signature');
  const promoted = honest.members.map(({ card }) => ({ card, role: 'owner' as const }));
  expect(verdictOn({ members: promoted })).toBe('bad-signature');
  const replaced = honest.members.map((member) =>
    member.card.name === 'carol'
      ? { ...member, card: { ...carol.card, recipient: mallory.card.recipient } }
      : member,
  );
  expect(verdictOn({ members: replaced })).toBe('bad-signature');
  expect(verdictOn({ sealed: filled(honest.sealed.length, 1) })).toBe('bad-signature');
  expect(verdict(2, forge(keyring(3), mallory, { members: added }))).toBe('wrong-signer');
});

test('refuses a keyring of another vault', async () => {
  const other = await vaultOf(alice);
  expect(codeOf(() => walk(stored, 0).accept(other.keyrings[0] as Uint8Array))).toBe('wrong-vault');
  expect(verdict(3, forge(keyring(4), alice, { vault: other.vault }))).toBe('wrong-vault');
});

test('refuses an epoch that falls, jumps, or stays while somebody loses access', () => {
  expect(verdict(4, forge(keyring(5), alice, { epoch: 1, oldest: 1 }))).toBe('wrong-epoch');
  expect(verdict(4, forge(keyring(5), alice, { epoch: 4 }))).toBe('wrong-epoch');
  expect(verdict(3, forge(keyring(4), alice, { epoch: 1 }))).toBe('wrong-epoch');
  const members = walk(stored, 3).current.members.map((member) =>
    member.card.name === 'carol' ? { ...member, role: 'reader' as const } : member,
  );
  expect(verdict(3, forge(keyring(4), alice, { epoch: 1, members }))).toBe('wrong-epoch');
});

test('refuses to let old epochs back in', async () => {
  const vault = await vaultOf(alice, [{ newEpoch: true }, { oldest: 2 }, {}]);
  const chain = walk(vault, 3);
  const forged = forge(vault.keyrings[3] as Uint8Array, alice, { oldest: 1 });
  expect(codeOf(() => chain.accept(forged))).toBe('wrong-oldest');
});

test('refuses former writers that do not follow from what was before', () => {
  const [listed] = walk(stored, 4).current.former;
  expect(listed).toMatchObject({ name: 'carol', role: 'writer', lastEpoch: 1 });
  const carolWas = listed!;
  const mallorysKey = mallory.identity.publicKey;
  for (const former of [
    [],
    [{ ...carolWas, lastEpoch: 2 }],
    [{ ...carolWas, role: 'owner' as const }],
    [{ ...carolWas, name: 'caroline' }],
    [{ ...carolWas, identity: mallorysKey }],
  ]) {
    expect(verdict(3, forge(keyring(4), alice, { former }))).toBe('wrong-former');
  }
});

test('refuses a card that its identity did not sign', async () => {
  const { members } = walk(stored, 2).current;
  const substitute = (change: object): Uint8Array =>
    forge(keyring(2), alice, {
      members: members.map((member) =>
        member.card.name === 'bob' ? { ...member, card: { ...member.card, ...change } } : member,
      ),
    });
  expect(verdict(1, substitute({}))).toBe(undefined);
  expect(verdict(1, substitute({ recipient: mallory.card.recipient }))).toBe('bad-card');
  expect(verdict(1, substitute({ name: 'robert' }))).toBe('bad-card');
  expect(verdict(1, substitute({ signature: alice.card.signature }))).toBe('bad-card');
  // Also when it takes the place of a card that was verified before.
  const replaced = await append({ ...stored, keyrings: stored.keyrings.slice(0, 2) }, alice, {});
  const card = { ...bob.card, recipient: mallory.card.recipient };
  const later = forge(keyring(3), alice, {
    members: replaced.members.map((member) =>
      member.card.name === 'bob' ? { ...member, card } : member,
    ),
  });
  expect(verdict(2, later)).toBe('bad-card');
});

describe('the first keyring', () => {
  const first = (): Uint8Array => keyring(1);
  const begin = (bytes: Uint8Array, firstOwner?: string): ReturnType<typeof codeOf> =>
    codeOf(() =>
      KeyringChain.begin(
        firstOwner === undefined ? { vault: stored.vault } : { vault: stored.vault, firstOwner },
      ).accept(bytes),
    );

  test('must be by who is said to have begun the vault', () => {
    expect(begin(first(), alice.fingerprint)).toBe(undefined);
    expect(begin(first(), bob.fingerprint)).toBe('wrong-origin');
  });

  test('must lead to the vault’s id', () => {
    expect(begin(forge(first(), alice, { random: filled(16, 1) }))).toBe('wrong-origin');
    const members = [{ card: mallory.card, role: 'owner' as const }];
    expect(begin(forge(first(), mallory, { members }))).toBe('wrong-origin');
  });

  test('can only claim to be a home’s where that is whom one asked for', () => {
    // Nobody else can tell a home's id from another number, so the first owner has to be known.
    const members = [{ card: mallory.card, role: 'owner' as const }];
    const claimed = forge(first(), mallory, { members, random: new Uint8Array(0) });
    expect(begin(claimed, alice.fingerprint)).toBe('wrong-origin');
  });

  test('must begin: the first epoch, nothing before, nobody former', () => {
    expect(begin(forge(first(), alice, { epoch: 2 }))).toBe('malformed');
    expect(begin(forge(first(), alice, { previous: filled(32, 1) }))).toBe('malformed');
    const former = [
      { identity: bob.identity.publicKey, name: 'bob', role: 'writer' as const, lastEpoch: 1 },
    ];
    expect(begin(forge(first(), alice, { former }))).toBe('malformed');
  });

  test('must be signed by an owner that it lists itself', () => {
    const members = [
      { card: alice.card, role: 'reader' as const },
      { card: bob.card, role: 'owner' as const },
    ].sort((one, other) => Buffer.compare(one.card.identity, other.card.identity));
    expect(begin(forge(first(), alice, { members }))).toBe('wrong-signer');
  });
});

test('what is refused leaves the chain as it was', () => {
  const chain = walk(stored, 3);
  const before: KeyringPin = chain.pin;
  for (const bytes of [
    keyring(2),
    keyring(5),
    forge(keyring(4), mallory, {}),
    forge(keyring(4), alice, { epoch: 1 }),
    new Uint8Array(10),
  ]) {
    expect(codeOf(() => chain.accept(bytes))).toEqual(expect.any(String));
    expect(chain.pin).toEqual(before);
    expect(chain.current.sequence).toBe(3);
  }
  chain.accept(keyring(4));
  expect(chain.current.sequence).toBe(4);
});

test('a server that lists less than was accepted, or more than it gives, is found out', () => {
  const chain = walk(stored, 3);
  expect(codeOf(() => chain.requireNewest(2))).toBe('older-state');
  expect(codeOf(() => chain.requireNewest(0))).toBe('older-state');
  expect(codeOf(() => chain.requireNewest(3))).toBe(undefined);
  expect(codeOf(() => chain.requireNewest(4))).toBe('gap');
  const resumed = KeyringChain.resume(chain.pin);
  expect(codeOf(() => resumed.requireNewest(2))).toBe('older-state');
  expect(codeOf(() => resumed.requireNewest(3))).toBe('gap');
  const begun = KeyringChain.begin({ vault: stored.vault });
  expect(codeOf(() => begun.requireNewest(0))).toBe(undefined);
  expect(codeOf(() => begun.requireNewest(1))).toBe('gap');
});

test('the check of a public key’s fingerprint is that of the crypto package', () => {
  expect(alice.fingerprint).toBe(fingerprint(walk(stored, 1).current.signer));
});
