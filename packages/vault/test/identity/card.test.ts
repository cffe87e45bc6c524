import { createPublicKey, verify } from 'node:crypto';

import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { fingerprint, Identity } from '@e2eeftp/crypto';
import { decodeCbor, encodeCbor, type CborMap } from '@e2eeftp/protocol';

import { encodeCard, makeCard, parseCard, requireCardOf, type Card } from '../../src/index.js';
import { requireUsableRecipient } from '../../src/identity/card.js';
import { backends } from '../support/backends.js';
import { filled, flipByte, hex } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';
import { person, type Person } from '../support/people.js';
import { vectorFile } from '../support/vectors.js';

let alice: Person;
let bob: Person;
let bytes: Uint8Array;

beforeAll(async () => {
  [alice, bob] = await Promise.all([person('alice'), person('bob')]);
  bytes = encodeCard(alice.card);
});

/** The map of a card with some fields changed, or left out where they are undefined. */
function altered(change: CborMap): Uint8Array {
  return encodeCbor({ ...(decodeCbor(bytes) as CborMap), ...change });
}

/** Verification as OpenSSL offers it, without the checks that this project makes before. */
function opensslVerifies(publicKey: Uint8Array, message: Buffer, signature: Uint8Array): boolean {
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return verify(null, message, key, signature);
}

describe.each(backends)('on %s', (_name, backend) => {
  test('what was written is read again', () => {
    const card = parseCard(bytes, backend);
    expect(card).toEqual(alice.card);
    expect(hex(encodeCard(card))).toBe(hex(bytes));
  });

  test('no flipped byte goes by', () => {
    for (let index = 0; index < bytes.length; index += index > 200 && index < 1200 ? 97 : 5) {
      expect(codeOf(() => parseCard(flipByte(bytes, index), backend))).toMatch(
        /^(malformed|bad-card)$/u,
      );
    }
  });

  // Keys under which one signature fits every message: whoever takes them lets anybody make cards.
  test('refuses cards that OpenSSL by itself takes, though nobody signed them', () => {
    const { recipient, name } = alice.card;
    const signed = Buffer.concat([Buffer.from('e2eeftp card v1\0'), recipient, Buffer.from(name)]);
    const forgeries = vectorFile('ed25519-edge-cases')
      .children('vectors')
      .map((vector) => [vector.bytes('publicKey'), vector.bytes('signature')] as const)
      .filter(([identity, signature]) => opensslVerifies(identity, signed, signature));
    expect(forgeries.length).toBeGreaterThanOrEqual(4);
    for (const [identity, signature] of forgeries) {
      expect(codeOf(() => parseCard(altered({ identity, signature }), backend))).toBe('bad-card');
    }
  });

  test('refuses recipients to which nothing can be sealed', () => {
    const { recipient } = alice.card;
    const notReduced = Uint8Array.from(recipient).fill(0xff, 0, 1152);
    const smallOrder = Uint8Array.from(recipient).fill(0, 1184);
    const check = (card: Card): unknown => codeOf(() => requireUsableRecipient(card, backend));
    expect(check(alice.card)).toBe(undefined);
    expect(check({ ...alice.card, recipient: notReduced })).toBe('bad-card');
    expect(check({ ...alice.card, recipient: smallOrder })).toBe('bad-card');
  });
});

// The script that makes the vectors makes sure that verification with cofactor takes it.
test('refuses the card that lax verification takes', () => {
  const lax = vectorFile('vault').child('lax').bytes('card');
  for (const [, backend] of backends) {
    expect(codeOf(() => parseCard(lax, backend))).toBe('bad-card');
  }
});

test('refuses other fields, lengths and encodings', () => {
  const { recipient } = alice.card;
  for (const wrong of [
    altered({ extra: 1 }),
    altered({ name: undefined }),
    altered({ name: 7 }),
    altered({ recipient: recipient.subarray(1) }),
    altered({ identity: filled(33, 1) }),
    altered({ signature: filled(63, 1) }),
    encodeCbor([bytes]),
    new Uint8Array(0),
    bytes.subarray(1),
    Uint8Array.of(...bytes, 0),
    filled(2000, 0),
  ]) {
    expect(codeOf(() => parseCard(wrong))).toBe('malformed');
  }
});

test.each(['', '.', '..', 'a/b', 'a\\b', 'a\nb', 'a\u0085b', 'n'.repeat(65), 'ü'.repeat(33)])(
  'nobody is called %j',
  (name) => {
    expect(codeOf(() => makeCard(alice.identity, alice.sealing, name))).toBe('bad-name');
    expect(codeOf(() => parseCard(altered({ name })))).toBe('malformed');
  },
);

test.each([
  ['with a blank before it', ' alice'],
  ['with a blank behind it', 'alice '],
  ['that turns the direction of text', 'al\u202Eice'],
  ['with a character of no width', 'al\u200Bice'],
  ['with a soft hyphen', '\u00ADalice'],
])('nobody chooses a name %s, whatever others let pass', (_kind, name) => {
  expect(codeOf(() => makeCard(alice.identity, alice.sealing, name))).toBe('bad-name');
  const signature = alice.identity.sign(
    Buffer.concat([Buffer.from('e2eeftp card v1\0'), alice.card.recipient, Buffer.from(name)]),
  );
  expect(parseCard(altered({ name, signature })).name).toBe(name);
});

test('a name is kept in one composition', () => {
  const card = makeCard(alice.identity, alice.sealing, 'Zoe\u0308');
  expect(card.name).toBe('Zo\u00EB');
  expect(parseCard(encodeCard(card))).toEqual(card);
});

test('a card of one person is not taken for another’s', () => {
  expect(requireCardOf(alice.card, alice.fingerprint)).toBe(alice.card);
  expect(requireCardOf(alice.card, ` ${alice.fingerprint.toLowerCase()}`)).toBe(alice.card);
  expect(codeOf(() => requireCardOf(alice.card, 'alice'))).toBe('wrong-card');
  expect(codeOf(() => requireCardOf(bob.card, alice.fingerprint))).toBe('wrong-card');
});

test('a signature for another use is no card’s', () => {
  const identity = new Identity(filled(32, 8));
  const { recipient } = alice.card;
  for (const label of ['e2eeftp card v2', 'e2eeftp keyring v1', '']) {
    const message = Buffer.concat([Buffer.from(label), Buffer.of(0), recipient, Buffer.from('x')]);
    const card = {
      identity: identity.publicKey,
      recipient,
      name: 'x',
      signature: identity.sign(message),
    };
    expect(codeOf(() => parseCard(encodeCard(card)))).toBe('bad-card');
  }
  expect(fingerprint(identity.publicKey)).toMatch(/^[A-Z2-7-]{23}$/u);
});

test('whatever parses encodes back to the same bytes', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 16 });
  let taken = 0;
  fc.assert(
    fc.property(name, (text) => {
      const card = cardNamed(text);
      if (!card) return;
      taken += 1;
      const encoded = encodeCard(card);
      expect(hex(encodeCard(parseCard(encoded)))).toBe(hex(encoded));
    }),
    { numRuns: 60 },
  );
  expect(taken).toBeGreaterThan(10);
});

function cardNamed(name: string): Card | undefined {
  return codeOf(() => makeCard(alice.identity, alice.sealing, name)) === undefined
    ? makeCard(alice.identity, alice.sealing, name)
    : undefined;
}
