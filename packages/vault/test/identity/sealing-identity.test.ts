import { describe, expect, test } from '@jest/globals';
import { identityToRecipient } from 'age-encryption';

import { Identity } from '@e2eeftp/crypto';

import { SealingIdentity } from '../../src/index.js';
import { formatAgeRecipient } from '../../src/identity/age-recipient.js';
import { sealContents } from '../../src/keyring/sealed-contents.js';
import { backends } from '../support/backends.js';
import { filled, hex } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';
import { person } from '../support/people.js';

const contents = { vault: filled(16, 1), sequence: 1, name: 'team', secrets: [filled(32, 9)] };

describe.each(backends)('on %s', (_name, backend) => {
  test('the same person has the same sealing identity, and another person another', async () => {
    const one = SealingIdentity.of(new Identity(filled(32, 1)), backend);
    const again = SealingIdentity.of(new Identity(filled(32, 1), backend));
    const other = SealingIdentity.of(new Identity(filled(32, 2)), backend);
    expect(hex(one.recipient)).toBe(hex(again.recipient));
    expect(hex(one.recipient)).not.toBe(hex(other.recipient));
    expect(one.recipient).toHaveLength(1216);
  });
});

test('age knows the recipient by its text', async () => {
  const { sealing, card } = await person('alice');
  const text = await identityToRecipient(sealing.exportAgeIdentity());
  expect(sealing.exportAgeIdentity()).toMatch(/^AGE-SECRET-KEY-PQ-1[0-9A-Z]{58}$/u);
  expect(text).toMatch(/^age1pq1/u);
  expect(formatAgeRecipient(card.recipient)).toBe(text);
});

test('opens what was sealed to it, and nothing that was not', async () => {
  const [alice, bob] = await Promise.all([person('alice'), person('bob')]);
  const sealed = await sealContents(contents, [formatAgeRecipient(alice.card.recipient)]);
  expect(alice.sealing.open(sealed)).toBeInstanceOf(Uint8Array);
  expect(codeOf(() => bob.sealing.open(sealed))).toBe('unopenable');
  const cut = sealed.subarray(0, sealed.length - 1);
  expect(codeOf(() => alice.sealing.open(cut))).toBe('chunk-altered');
});

test('holds its secret where neither logging nor serializing reaches it', async () => {
  const { sealing } = await person('alice');
  const secret = sealing.exportAgeIdentity();
  expect(JSON.stringify(sealing)).not.toContain(secret);
  expect(Object.values(sealing)).not.toContain(secret);
});
