import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { decodeCbor, encodeCbor, parsePath, type CborMap, type CborValue } from '@e2eeftp/protocol';

import {
  encodeCard,
  locateInVault,
  parseCard,
  parseInvitation,
  parseKeyringName,
  parseRecoveryCode,
  parseVaultId,
  rootDirectory,
  VaultNames,
  vaultPath,
  VaultSecrets,
} from '../src/index.js';
import { encodeKeyring, parseKeyring } from '../src/keyring/keyring.js';
import { filled, hex } from './support/bytes.js';
import { codeOf } from './support/errors.js';
import { person } from './support/people.js';
import { vaultOf, walk, type StoredVault } from './support/vaults.js';

let stored: StoredVault;
let card: Uint8Array;

beforeAll(async () => {
  const [alice, bob] = await Promise.all([person('alice'), person('bob')]);
  stored = await vaultOf(alice, [
    { add: [{ card: bob.card, role: 'writer' }] },
    { remove: [bob.card.identity] },
  ]);
  card = encodeCard(alice.card);
});

const anyValue = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom<CborValue>(null, true, false, 0, 1, -1, 2 ** 53 - 1, '', 'owner'),
    fc.integer(),
    fc.string({ maxLength: 5 }).map((text) => text.toWellFormed()),
    fc.uint8Array({ maxLength: 33 }),
    fc.constantFrom(16, 32, 64, 1216).map((length) => filled(length, 1)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('card', 'role', 'name', 'identity'), tie('value')),
  ),
})).value;

/** A field anywhere in a value, replaced; the way down to it is what the numbers say. */
function replaced(value: CborValue, way: readonly number[], by: CborValue): CborValue {
  const [step, ...further] = way;
  if (step === undefined || typeof value !== 'object' || value === null) return by;
  if (value instanceof Uint8Array) return by;
  if (Array.isArray(value)) {
    const list = value as readonly CborValue[];
    return list.map((item, index) =>
      index === step % list.length ? replaced(item, further, by) : item,
    );
  }
  const map = value as CborMap;
  const names = Object.keys(map);
  const name = names[step % names.length];
  return name === undefined ? by : { ...map, [name]: replaced(map[name] ?? null, further, by) };
}

describe('a field that is something else', () => {
  const way = fc.array(fc.nat(11), { minLength: 1, maxLength: 4 });

  test('leaves a keyring that means what its bytes say, or none', () => {
    fc.assert(
      fc.property(fc.nat(2), way, anyValue, (index, steps, value) => {
        const honest = stored.keyrings[index] as Uint8Array;
        const altered = encodeCbor(replaced(decodeCbor(honest), steps, value));
        const code = codeOf(() => parseKeyring(altered));
        if (code === undefined)
          expect(hex(encodeKeyring(parseKeyring(altered)))).toBe(hex(altered));
        else expect(code).toBe('malformed');
        // Whoever cannot sign as an owner never gets it through.
        if (hex(altered) === hex(honest)) return;
        expect(codeOf(() => walk(stored, index).accept(altered))).toEqual(expect.any(String));
      }),
      { numRuns: 150 },
    );
  });

  test('leaves no card', () => {
    fc.assert(
      fc.property(way, anyValue, (steps, value) => {
        const altered = encodeCbor(replaced(decodeCbor(card), steps, value));
        if (hex(altered) === hex(card)) return;
        expect(codeOf(() => parseCard(altered))).toMatch(/^(malformed|bad-card)$/u);
      }),
      { numRuns: 150 },
    );
  });
});

test('bytes that are nothing are refused as such', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(codeOf(() => parseKeyring(bytes))).toBe('malformed');
      expect(codeOf(() => parseCard(bytes))).toBe('malformed');
    }),
  );
});

test('no text makes a parser or a listing fail in another way than it says', () => {
  const keyring = walk(stored).current;
  const secrets = new VaultSecrets(stored.vault, [filled(32, 1), filled(32, 2)]);
  const names = new VaultNames({ keyring, secrets });
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.base64String({ maxLength: 300 }),
    fc.stringMatching(/^AA[EI][A-Za-z0-9_-]{30,100}$/u),
  );
  fc.assert(
    fc.property(text, (anything) => {
      expect(names.open(rootDirectory, anything).state).toBe('damaged');
      for (const parse of [parseVaultId, parseInvitation, parseRecoveryCode]) {
        expect(codeOf(() => parse(anything))).toBe('malformed');
      }
      expect([undefined, Number(anything)]).toContain(parseKeyringName(anything));
    }),
    { numRuns: 300 },
  );
});

test('no path but the one spelling leads to a keyring', () => {
  const parts = ['.keyring', '.KEYRING', '.Keyring', '1', '01', '2', 'AAE', 'a.b'];
  const longer = (paths: string[]) =>
    paths.flatMap((path) => parts.map((part) => `${path}/${part}`));
  const root = vaultPath(stored.vault);
  const ofOne = longer([root]);
  const ofTwo = longer(ofOne);
  const ofThree = longer(ofTwo);
  const keyrings: string[] = [];
  for (const path of [root, ...ofOne, ...ofTwo, ...ofThree]) {
    const parsed = parsePath(path);
    if (codeOf(() => locateInVault(parsed)) === 'malformed') continue;
    const location = locateInVault(parsed);
    if (location?.kind === 'keyring') keyrings.push(path);
    else if (location?.kind === 'entry') expect(path).not.toContain('.');
  }
  expect(keyrings).toEqual([`${root}/.keyring/1`, `${root}/.keyring/2`]);
});
