import { inflateSync } from 'node:zlib';

import { describe, expect, test } from '@jest/globals';
import * as cctv from 'cctv-age';

import { AgeHeaderReader } from '../../src/file/age/header-reader.js';
import { FileKey } from '../../src/file/age/file-key.js';
import { formatAgeHeader, type AgeHeader } from '../../src/file/age/header.js';
import { StreamOpener } from '../../src/file/age/stream-opener.js';
import type { StreamKey } from '../../src/file/age/stream.js';
import { chunkCount, streamPlainSize } from '../../src/file/age/stream.js';
import { backends } from '../support/backends.js';
import { hex, joined, sha256, unhex } from '../support/bytes.js';
import { errorOf, expectCode } from '../support/errors.js';
import { chunk, sealedChunk } from '../support/files.js';

// The vectors of C2SP's CCTV for age, as far as they concern the format: header, MAC and STREAM.
// What they expect of recipients, passphrases and armour is beyond a reader that is handed the
// file key; which of them that concerns is said below, and everything else must come out as the
// vector says.

interface AgeVector {
  readonly name: string;
  readonly expect: string;
  readonly fileKey: Uint8Array;
  readonly payload: string | undefined;
  readonly file: Uint8Array;
}

/** The headers of these are well-formed and authentic; a kind of stanza is what is wrong. */
const wrongForTheirRecipient = new Set([
  ...['hybrid_extra_argument', 'hybrid_identity', 'hybrid_long_file_key', 'hybrid_long_share'],
  ...['hybrid_low_order', 'hybrid_not_canonical_enc', 'hybrid_short_share', 'hybrid_x25519_arg'],
  ...['scrypt_and_x25519', 'scrypt_double', 'scrypt_extra_argument', 'scrypt_long_file_key'],
  ...['scrypt_not_canonical_salt', 'scrypt_salt_long', 'scrypt_salt_missing', 'scrypt_salt_short'],
  ...['scrypt_work_factor_23', 'scrypt_work_factor_hex', 'scrypt_work_factor_leading_garbage'],
  ...['scrypt_work_factor_leading_plus', 'scrypt_work_factor_leading_zero_decimal'],
  ...['scrypt_work_factor_leading_zero_octal', 'scrypt_work_factor_missing'],
  ...['scrypt_work_factor_negative', 'scrypt_work_factor_overflow'],
  ...['scrypt_work_factor_trailing_garbage', 'scrypt_work_factor_zero'],
  ...['x25519_extra_argument', 'x25519_identity', 'x25519_long_file_key', 'x25519_long_share'],
  ...['x25519_low_order', 'x25519_not_canonical_share', 'x25519_short_share'],
]);
/** Counted as a fault of the header, though what is missing stands behind it. */
const withoutNonce = new Set(['stream_no_nonce', 'stream_short_nonce']);

const blankLine = '\n\n';

function readVector([name, bytes]: [string, Uint8Array]): AgeVector | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  const end = text.indexOf(blankLine);
  const fields = new Map(
    text
      .slice(0, end)
      .split('\n')
      .map((line) => line.split(': ', 2) as [string, string]),
  );
  if (fields.get('armored') === 'yes') return undefined;
  const raw = bytes.subarray(end + blankLine.length);
  return {
    name,
    expect: fields.get('expect') ?? '',
    fileKey: unhex(fields.get('file key') ?? ''),
    payload: fields.get('payload'),
    file: Uint8Array.from(fields.get('compressed') === 'zlib' ? inflateSync(raw) : raw),
  };
}

const vectors = Object.entries(cctv as unknown as Record<string, Uint8Array>)
  .filter(([, bytes]) => ArrayBuffer.isView(bytes))
  .flatMap((item) => readVector(item) ?? []);

function expecting(...outcomes: readonly string[]): [string, AgeVector][] {
  const found = vectors.filter((vector) => outcomes.includes(vector.expect));
  if (found.length === 0) throw new Error(`no vector expects ${outcomes.join()}`);
  return found.map((vector) => [vector.name, vector]);
}

function readHeader(file: Uint8Array): AgeHeader | undefined {
  const reader = new AgeHeaderReader(65_536);
  reader.receive(file);
  return reader.header;
}

function mustReadHeader(file: Uint8Array): AgeHeader {
  const header = readHeader(file);
  if (!header) throw new Error('the header does not end');
  return header;
}

/** What a payload gave before it ended or failed. */
function openPayload(
  key: StreamKey,
  sealed: Uint8Array,
  given: (plaintext: Uint8Array) => void,
): void {
  const opener = new StreamOpener({ key, plainSize: streamPlainSize(sealed.length) });
  for (let start = 0; start < sealed.length; start += 100_000) {
    const piece = sealed.subarray(start, start + 100_000);
    for (const { plaintext } of opener.receive(piece)) given(plaintext);
  }
  opener.finish();
}

test('every vector is looked at but for the armoured ones', () => {
  expect(vectors.length).toBe(110);
  expect(new Set(vectors.map((vector) => vector.expect))).toEqual(
    new Set(['success', 'no match', 'HMAC failure', 'header failure', 'payload failure']),
  );
});

test.each(expecting('success', 'no match', 'HMAC failure', 'payload failure'))(
  'the header reads, and writes back: %s',
  (_name, { file }) => {
    const header = mustReadHeader(file);
    const written = formatAgeHeader(header.stanzas, () => header.mac);
    expect(hex(written)).toBe(hex(file.subarray(0, header.length)));
  },
);

test.each(expecting('header failure'))('the header is refused: %s', (name, { file }) => {
  if (wrongForTheirRecipient.has(name) || withoutNonce.has(name)) {
    expect(mustReadHeader(file).stanzas.length).toBeGreaterThan(0);
  } else if (name === 'empty') {
    expect(readHeader(file)).toBeUndefined();
  } else {
    expectCode('malformed', () => readHeader(file));
  }
});

describe.each(backends)('%s', (_name, backend) => {
  test.each(expecting('success', 'payload failure'))(
    'the MAC is right: %s',
    (_vector, { file, fileKey }) => {
      expect(new FileKey(backend, fileKey).isOf(mustReadHeader(file))).toBe(true);
    },
  );

  test.each(expecting('HMAC failure'))('the MAC is wrong: %s', (_vector, { file, fileKey }) => {
    expect(new FileKey(backend, fileKey).isOf(mustReadHeader(file))).toBe(false);
  });

  test.each(expecting('success'))('the payload opens, and seals to the same: %s', (_v, vector) => {
    const { key, sealed } = payloadOf(vector);
    const parts: Uint8Array[] = [];
    openPayload(key, sealed, (plaintext) => parts.push(plaintext));
    const plaintext = joined(parts);
    expect(sha256(plaintext)).toBe(vector.payload);
    const count = chunkCount(plaintext.length);
    const again = Array.from({ length: count }, (_, index) => {
      const part = plaintext.subarray(index * chunk, (index + 1) * chunk);
      return joined(key.seal(index, index === count - 1, [part]));
    });
    expect(sha256(...again)).toBe(sha256(sealed));
  });

  test.each(expecting('payload failure'))('the payload is refused: %s', (_v, vector) => {
    const { key, sealed } = payloadOf(vector);
    const parts: Uint8Array[] = [];
    const error = errorOf(() => {
      openPayload(key, sealed, (plaintext) => parts.push(plaintext));
    });
    if (error?.code === 'size-impossible') {
      // Known before anything is opened, so nothing is given out.
      expect(parts).toEqual([]);
      return;
    }
    if (error?.code !== 'chunk-altered') {
      // A reader that does not know the length gives out a full chunk that contradicts it, and
      // fails behind it. This one fails before.
      expect(['truncated', 'extended']).toContain(error?.code);
      const start = parts.length * sealedChunk;
      const contradicting = sealed.subarray(start, start + sealedChunk);
      const plaintext = key.open(parts.length, error?.code === 'extended', contradicting);
      if (plaintext.length === chunk) parts.push(plaintext);
    }
    expect(sha256(...parts)).toBe(vector.payload);
  });

  test.each([...withoutNonce])('a payload needs its nonce: %s', (name) => {
    const vector = vectors.find((candidate) => candidate.name === name);
    if (!vector) throw new Error('no such vector');
    expectCode('misuse', () => payloadOf(vector));
  });

  function payloadOf({ file, fileKey }: AgeVector): { key: StreamKey; sealed: Uint8Array } {
    const start = mustReadHeader(file).length + 16;
    const key = new FileKey(backend, fileKey).streamKey(file.subarray(start - 16, start));
    return { key, sealed: file.subarray(start) };
  }
});
