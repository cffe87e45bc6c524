import { beforeAll, describe, expect, test } from '@jest/globals';

import { judgeEpoch, mayWrite, memberOf, nameOf, roleOf, wasWriter } from '../../src/index.js';
import { person, type Person } from '../support/people.js';
import { append, vaultOf, walk, type StoredVault } from '../support/vaults.js';

let alice: Person;
let bob: Person;
let carol: Person;
let dave: Person;
let stored: StoredVault;

const key = ({ card }: Person): Uint8Array => card.identity;

/** Bob writes until epoch 1 and reads again from epoch 3; Carol always reads; Dave was an owner. */
beforeAll(async () => {
  alice = await person('alice');
  bob = await person('bob');
  carol = await person('carol');
  dave = await person('dave');
  stored = await vaultOf(alice, [
    {
      add: [
        { card: bob.card, role: 'writer' },
        { card: carol.card, role: 'reader' },
        { card: dave.card, role: 'owner' },
      ],
    },
    { remove: [key(bob)] },
    { remove: [key(dave)] },
    { add: [{ card: bob.card, role: 'reader' }] },
  ]);
});

describe('who may be believed to have written', () => {
  test.each([
    ['alice', [1, 2, 3], [0, 4]],
    ['bob', [1], [2, 3]],
    ['carol', [], [1, 2, 3]],
    ['dave', [1, 2], [3]],
    ['nobody', [], [1, 2, 3]],
  ] as const)('%s', async (name, yes, no) => {
    const keyring = walk(stored).current;
    expect(keyring.epoch).toBe(3);
    const { card } = await person(name);
    for (const epoch of yes) expect(wasWriter(keyring, card.identity, epoch)).toBe(true);
    for (const epoch of no) expect(wasWriter(keyring, card.identity, epoch)).toBe(false);
  });

  test('after a rekey, nobody in the epochs before, and who only wrote then is forgotten', async () => {
    const rekeyed = { ...stored, keyrings: [...stored.keyrings] };
    const keyring = await append(rekeyed, alice, { oldest: 2 });
    expect(keyring.former.map(({ name }) => name)).toEqual(['dave']);
    expect([1, 2, 3].map((epoch) => judgeEpoch(keyring, epoch))).toEqual([
      'too-old',
      'accepted',
      'accepted',
    ]);
    expect(judgeEpoch(keyring, 4)).toBe('unknown');
    expect(judgeEpoch(keyring, 0)).toBe('unknown');
    expect(wasWriter(keyring, key(alice), 1)).toBe(false);
    expect(wasWriter(keyring, key(dave), 1)).toBe(false);
    expect(wasWriter(keyring, key(dave), 2)).toBe(true);
  });

  test('who writes again is a writer of all epochs, and a former one when he goes again', async () => {
    const again = { ...stored, keyrings: [...stored.keyrings] };
    const roles = [{ identity: key(bob), role: 'writer' as const }];
    const writing = await append(again, alice, { roles });
    expect(writing.former.map(({ name }) => name)).toEqual(['dave']);
    expect(wasWriter(writing, key(bob), 2)).toBe(true);
    const gone = await append(again, alice, { remove: [key(bob)] });
    expect(gone.former).toHaveLength(2);
    expect(wasWriter(gone, key(bob), 3)).toBe(true);
    expect(wasWriter(gone, key(bob), 4)).toBe(false);
  });
});

test('who is what now, and what he is called', () => {
  const keyring = walk(stored).current;
  expect(roleOf(keyring, key(alice))).toBe('owner');
  expect(roleOf(keyring, key(bob))).toBe('reader');
  expect(roleOf(keyring, key(dave))).toBe(undefined);
  expect(memberOf(keyring, key(carol))?.card).toEqual(carol.card);
  expect(nameOf(keyring, key(bob))).toBe('bob');
  expect(nameOf(keyring, key(dave))).toBe('dave');
  expect(nameOf(keyring, new Uint8Array(32))).toBe(undefined);
  expect((['owner', 'writer', 'reader', undefined] as const).map(mayWrite)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
