import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { decodeCbor, encodeCbor, type CborMap, type CborValue } from '@e2eeftp/protocol';

import { VaultError } from '../../src/index.js';
import { encodeKeyring, parseKeyring } from '../../src/keyring/keyring.js';
import { filled, flipByte, hex } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';
import { person, type Person } from '../support/people.js';
import { vaultOf, type StoredVault } from '../support/vaults.js';

let alice: Person;
let bob: Person;
let stored: StoredVault;
let bytes: Uint8Array;

beforeAll(async () => {
  alice = await person('alice');
  bob = await person('bob');
  stored = await vaultOf(alice, [
    { add: [{ card: bob.card, role: 'writer' }] },
    { remove: [bob.card.identity] },
    { add: [{ card: bob.card, role: 'reader' }] },
  ]);
  bytes = stored.keyrings[3] as Uint8Array;
});

test('whatever was made parses, and encodes back to the same bytes', () => {
  for (const keyring of stored.keyrings) {
    expect(hex(encodeKeyring(parseKeyring(keyring)))).toBe(hex(keyring));
  }
});

test('whatever parses encodes back to the same bytes, altered bytes included', () => {
  let parsed = 0;
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (index, mask) => {
      const altered = flipByte(bytes, index, mask);
      const keyring = tryParse(altered);
      if (!keyring) return;
      parsed += 1;
      expect(hex(encodeKeyring(keyring))).toBe(hex(altered));
    }),
    { numRuns: 300 },
  );
  expect(parsed).toBeGreaterThan(0);
});

function tryParse(altered: Uint8Array): ReturnType<typeof parseKeyring> | undefined {
  try {
    return parseKeyring(altered);
  } catch (error) {
    if (error instanceof VaultError && error.code === 'malformed') return undefined;
    throw error;
  }
}

describe('refuses', () => {
  function refused(change: (map: CborMap) => CborMap): void {
    const map = decodeCbor(bytes) as CborMap;
    expect(codeOf(() => parseKeyring(encodeCbor(change(map))))).toBe('malformed');
  }
  const list = (value: CborValue | undefined): CborMap[] => value as unknown as CborMap[];

  test('missing and unknown fields', () => {
    const names = Object.keys(decodeCbor(bytes) as CborMap);
    expect(names).toHaveLength(11);
    for (const name of names) refused((map) => ({ ...map, [name]: undefined }));
    refused((map) => ({ ...map, comment: 'hello' }));
    refused((map) => ({ ...map, vault: undefined, vaultId: map['vault'] }));
  });

  test('numbers out of bounds', () => {
    for (const wrong of [0, -1, 10_001, '1', null, 2 ** 40]) {
      refused((map) => ({ ...map, epoch: wrong }));
    }
    for (const wrong of [0, -1, 3, true]) refused((map) => ({ ...map, oldest: wrong }));
    for (const wrong of [0, 1_000_001]) refused((map) => ({ ...map, sequence: wrong }));
  });

  test('bytes of another length', () => {
    for (const [name, length] of [
      ['vault', 15],
      ['random', 16],
      ['random', 1],
      ['sealed', 0],
      ['previous', 0],
      ['signer', 31],
      ['signature', 65],
    ] as const) {
      refused((map) => ({ ...map, [name]: filled(length, 1) }));
    }
  });

  test('members and former writers twice, out of order, or in no known role', () => {
    for (const name of ['members', 'former']) {
      refused((map) => ({ ...map, [name]: [...list(map[name]), ...list(map[name])] }));
      refused((map) => ({ ...map, [name]: {} }));
      refused((map) => ({ ...map, [name]: [{}] }));
      refused((map) => ({
        ...map,
        [name]: list(map[name]).map((entry) => ({ ...entry, role: 'admin' })),
      }));
      refused((map) => ({
        ...map,
        [name]: list(map[name]).map((entry) => ({ ...entry, extra: 1 })),
      }));
    }
    refused((map) => ({ ...map, members: [...list(map['members'])].reverse() }));
    refused((map) => ({ ...map, members: [] }));
    refused((map) => ({
      ...map,
      former: list(map['former']).map((entry) => ({ ...entry, role: 'reader' })),
    }));
    refused((map) => ({
      ...map,
      former: list(map['former']).map((entry) => ({ ...entry, lastEpoch: 0 })),
    }));
  });

  test('keyrings without an owner, or with more members than there may be', () => {
    refused((map) => ({
      ...map,
      members: list(map['members']).map((entry) => ({ ...entry, role: 'writer' })),
    }));
    const [member] = list((decodeCbor(bytes) as CborMap)['members']);
    refused((map) => ({ ...map, members: Array.from({ length: 1001 }, () => member ?? null) }));
  });

  test('other encodings, and more than there may be', () => {
    expect(codeOf(() => parseKeyring(new Uint8Array(0)))).toBe('malformed');
    expect(codeOf(() => parseKeyring(Uint8Array.of(...bytes, 0)))).toBe('malformed');
    expect(codeOf(() => parseKeyring(bytes.subarray(0, -1)))).toBe('malformed');
    expect(codeOf(() => parseKeyring(filled(4_194_305, 0)))).toBe('malformed');
    // The same map, its size written in a longer form.
    const longer = Uint8Array.of(0xb8, 11, ...bytes.subarray(1));
    expect(bytes[0]).toBe(0xab);
    expect(codeOf(() => parseKeyring(longer))).toBe('malformed');
  });
});
