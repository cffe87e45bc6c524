import { describe, expect, test } from '@jest/globals';
import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';

import { Identity } from '@e2eeftp/crypto';

import { SealingIdentity } from '../../src/index.js';
import { AgeHeaderReader } from '../../src/file/age/header-reader.js';
import { formatAgeHeader, type AgeHeader, type AgeStanza } from '../../src/file/age/header.js';
import { formatAgeRecipient } from '../../src/identity/age-recipient.js';
import { backends } from '../support/backends.js';
import { filled, hex } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';

const secret = Buffer.from('what only some may know');
const limit = 1_000_000;

function sealingOf(byte: number, backend = backends[0]?.[1]): SealingIdentity {
  return SealingIdentity.of(new Identity(filled(32, byte)), backend);
}

/** With age's own library. */
async function sealTo(...recipients: readonly string[]): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter.encrypt(secret);
}

function headerOf(file: Uint8Array): AgeHeader {
  const reader = new AgeHeaderReader(limit);
  reader.receive(file);
  if (!reader.header) throw new Error('There is no header');
  return reader.header;
}

/** The same file with other stanzas, and the MAC that it had. */
function withStanzas(file: Uint8Array, stanzas: readonly AgeStanza[]): Uint8Array {
  const { length, mac } = headerOf(file);
  return Buffer.concat([formatAgeHeader(stanzas, () => mac), file.subarray(length)]);
}

const own = formatAgeRecipient(sealingOf(1).recipient);

describe.each(backends)('what age has sealed to a hybrid recipient, on %s', (_name, backend) => {
  const sealing = sealingOf(1, backend);

  test.each([1, 2, 50])('is opened when %i people may', async (count) => {
    const others = Array.from({ length: count - 1 }, (_, index) =>
      formatAgeRecipient(sealingOf(100 + index).recipient),
    );
    const file = await sealTo(...others, own);
    expect(hex(sealing.open(file))).toBe(hex(secret));
    expect(codeOf(() => sealingOf(2, backend).open(file))).toBe('unopenable');
  });

  test('may be sealed to others of an older kind as well', async () => {
    const older = await identityToRecipient(await generateIdentity());
    const { stanzas } = headerOf(await sealTo(older));
    const file = await sealTo(own);
    const both = [...stanzas, ...headerOf(file).stanzas];
    // The MAC does not know of the other one, which is what is found out last.
    expect(codeOf(() => sealing.open(withStanzas(file, both)))).toBe('header-altered');
    expect(codeOf(() => sealing.open(withStanzas(file, stanzas)))).toBe('unopenable');
  });

  test('is refused when any bit of it is another', async () => {
    const file = await sealTo(own);
    fc.assert(
      fc.property(fc.nat(8 * file.length - 1), (bit) => {
        const altered = Uint8Array.from(file);
        const index = bit >>> 3;
        altered[index] = (altered[index] as number) ^ (1 << (bit & 7));
        const code = codeOf(() => sealing.open(altered));
        expect([
          'malformed',
          'unopenable',
          'header-altered',
          'chunk-altered',
          'truncated',
          'extended',
        ]).toContain(code);
      }),
      { numRuns: 60 },
    );
  });

  test('is refused wherever it is cut off', async () => {
    const file = await sealTo(own);
    for (let length = 0; length < file.length; length += 61) {
      expect(codeOf(() => sealing.open(file.subarray(0, length)))).toBeDefined();
    }
  });

  test.each<[string, (stanza: AgeStanza) => AgeStanza]>([
    ['without its key', ({ args, body }) => ({ args: args.slice(0, 1), body })],
    ['with one argument too many', ({ args, body }) => ({ args: [...args, 'x'], body })],
    [
      'with a shorter key',
      ({ args, body }) => ({ args: [args[0] ?? '', (args[1] ?? '').slice(4)], body }),
    ],
    ['with a key that is no base64', ({ args, body }) => ({ args: [args[0] ?? '', '~'], body })],
    ['with a shorter body', ({ args, body }) => ({ args, body: body.subarray(1) })],
    ['without a body', ({ args }) => ({ args, body: new Uint8Array(0) })],
  ])('is refused %s', async (_what, damage) => {
    const file = await sealTo(own);
    const altered = withStanzas(file, headerOf(file).stanzas.map(damage));
    expect(codeOf(() => sealing.open(altered))).toBe('malformed');
  });

  test('is passed over where its point is of small order', async () => {
    const file = await sealTo(own);
    const [stanza] = headerOf(file).stanzas;
    const [kind = '', key = ''] = stanza?.args ?? [];
    const point = Buffer.from(key, 'base64').fill(0, 1088);
    const args = [kind, point.toString('base64').replace(/=+$/u, '')];
    const altered = withStanzas(file, [{ args, body: filled(32, 1) }]);
    expect(codeOf(() => sealing.open(altered))).toBe('unopenable');
  });
});
