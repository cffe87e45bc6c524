import { CryptoError } from '@e2eeftp/crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { FileKey } from '../../src/file/age/file-key.js';
import { StreamOpener } from '../../src/file/age/stream-opener.js';
import {
  chunkCount,
  StreamKey,
  streamPlainSize,
  streamSealedSize,
} from '../../src/file/age/stream.js';
import { backendPairs, backends } from '../support/backends.js';
import { arbitraryCuts, contentOf, cutAt, hex, joined, sha256, unhex } from '../support/bytes.js';
import { errorOf, expectCode } from '../support/errors.js';
import { chunk, sealedChunk } from '../support/files.js';

const keyBytes = new Uint8Array(32).fill(5);

function sealAll(key: StreamKey, plaintext: Uint8Array): Uint8Array {
  const count = chunkCount(plaintext.length);
  const sealed: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const part = plaintext.subarray(index * chunk, (index + 1) * chunk);
    sealed.push(...key.seal(index, index === count - 1, [part]));
  }
  return joined(sealed);
}

function openAll(key: StreamKey, pieces: readonly Uint8Array[], plainSize: number): Uint8Array {
  const opener = new StreamOpener({ key, plainSize });
  const parts: Uint8Array[] = [];
  for (const piece of pieces) {
    for (const { plaintext } of opener.receive(piece)) parts.push(plaintext);
  }
  opener.finish();
  return joined(parts);
}

describe('sizes', () => {
  test.each([
    [0, 16],
    [1, 17],
    [chunk - 1, chunk + 15],
    [chunk, chunk + 16],
    [chunk + 1, chunk + 33],
    [2 * chunk, 2 * chunk + 32],
    [2 * chunk + 1, 2 * chunk + 49],
  ])('%d bytes are %d when sealed', (plain, sealed) => {
    expect(streamSealedSize(plain)).toBe(sealed);
    expect(streamPlainSize(sealed)).toBe(plain);
  });

  test('every size of sealed bytes belongs to one size of plaintext or to none', () => {
    const possible = new Map<number, number>();
    for (let plain = 0; plain <= 2 * chunk + 40; plain++) {
      possible.set(streamSealedSize(plain), plain);
    }
    expect(possible.size).toBe(2 * chunk + 41);
    for (let sealed = 0; sealed <= 2 * sealedChunk + 30; sealed++) {
      const plain = possible.get(sealed);
      if (plain === undefined) expectCode('size-impossible', () => streamPlainSize(sealed));
      else expect(streamPlainSize(sealed)).toBe(plain);
    }
  });

  test('refuses what is no size', () => {
    for (const size of [-1, -sealedChunk, Number.NaN]) {
      expectCode('size-impossible', () => streamPlainSize(size));
    }
  });

  test('they turn around for sizes of any file', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (size) => {
        const plain = Math.floor(size / 2);
        expect(streamPlainSize(streamSealedSize(plain))).toBe(plain);
      }),
    );
  });
});

test.each(backendPairs)('%s seals, %s opens, at every border', (_one, _other, one, other) => {
  for (const length of [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 2 * chunk + 7]) {
    const plaintext = contentOf('stream', length);
    const sealed = sealAll(new StreamKey(one, keyBytes), plaintext);
    expect(sealed.length).toBe(streamSealedSize(length));
    const opened = openAll(new StreamKey(other, keyBytes), [sealed], length);
    expect(sha256(opened)).toBe(sha256(plaintext));
  }
});

describe.each(backends)('%s', (_name, backend) => {
  const key = new StreamKey(backend, keyBytes);
  const plaintext = contentOf('stream', 2 * chunk + 500);
  const sealed = sealAll(key, plaintext);

  test('opens in any splitting', () => {
    fc.assert(
      fc.property(arbitraryCuts(sealed.length), (cuts) => {
        const opened = openAll(key, cutAt(sealed, cuts), plaintext.length);
        expect(sha256(opened)).toBe(sha256(plaintext));
      }),
      { numRuns: 12 },
    );
  });

  test('a chunk depends on key, number, end and plaintext alone, and on all of them', () => {
    const part = plaintext.subarray(0, 100);
    const again = new StreamKey(backend, key.exportKey());
    const made = hex(...key.seal(7, false, [part]));
    expect(hex(...again.seal(7, false, [part.slice(0, 30), part.slice(30)]))).toBe(made);
    const others = [
      key.seal(8, false, [part]),
      key.seal(7, true, [part]),
      key.seal(7 + 2 ** 32, false, [part]),
      key.seal(7 * 2 ** 32, false, [part]),
      new StreamKey(backend, new Uint8Array(32)).seal(7, false, [part]),
    ].map((pieces) => hex(...pieces));
    expect(new Set([made, ...others]).size).toBe(others.length + 1);
    expect(() => key.open(8, false, joined(key.seal(7, false, [part])))).toThrow(CryptoError);
  });

  test.each([
    [0, false, '0000000000000000000000 00'],
    [1, true, '0000000000000000000001 01'],
    [0x1_02_03, false, '0000000000000000010203 00'],
    [2 ** 32, true, '0000000000000100000000 01'],
    [2 ** 53 - 1, false, '000000001fffffffffffff 00'],
  ])('chunk %d, last or not (%s), has the nonce %s', (index, isLast, nonce) => {
    const part = plaintext.subarray(0, 50);
    const aead = backend.aead('chacha20-poly1305', keyBytes);
    const expected = aead.seal(unhex(nonce.replace(' ', '')), new Uint8Array(0), [part]);
    expect(hex(...key.seal(index, isLast, [part]))).toBe(hex(...expected));
  });

  test('refuses numbers that no chunk has', () => {
    for (const index of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) {
      expectCode('misuse', () => key.seal(index, false, [plaintext]));
    }
  });

  test('refuses a file key and a nonce of another length', () => {
    const derive = (keyLength: number, nonceLength: number) => () =>
      new FileKey(backend, new Uint8Array(keyLength)).streamKey(new Uint8Array(nonceLength));
    expect(errorOf(derive(16, 16))).toBeUndefined();
    expectCode('misuse', derive(15, 16));
    expectCode('misuse', derive(17, 16));
    expectCode('misuse', derive(16, 15));
    expectCode('misuse', derive(16, 17));
    expectCode('misuse', derive(16, 0));
  });

  test('a run of chunks in the middle opens by itself, and nothing more', () => {
    const opener = new StreamOpener({ key, plainSize: plaintext.length, first: 1, end: 2 });
    const run = sealed.subarray(sealedChunk, 2 * sealedChunk);
    const [opened] = [...opener.receive(run)];
    expect(opened?.index).toBe(1);
    expect(sha256(opened?.plaintext ?? run)).toBe(sha256(plaintext.subarray(chunk, 2 * chunk)));
    opener.finish();
    expectCode('extended', () => [...opener.receive(Uint8Array.of(0))]);
  });

  test('after an error, and after an iteration that was left, it refuses everything', () => {
    const failed = new StreamOpener({ key, plainSize: plaintext.length });
    expectCode('chunk-altered', () => [...failed.receive(new Uint8Array(sealedChunk))]);
    expectCode('misuse', () => [...failed.receive(sealed)]);
    expectCode('misuse', () => {
      failed.finish();
    });
    const left = new StreamOpener({ key, plainSize: plaintext.length });
    for (const { index } of left.receive(sealed)) if (index === 0) break;
    expectCode('misuse', () => [...left.receive(sealed.subarray(sealedChunk))]);
  });

  test('a plaintext is memory of its own', () => {
    const bytes = Uint8Array.from(sealed.subarray(0, sealedChunk));
    const opener = new StreamOpener({ key, plainSize: plaintext.length });
    const [opened] = [...opener.receive(bytes)];
    const before = sha256(opened?.plaintext ?? bytes);
    bytes.fill(0);
    expect(sha256(opened?.plaintext ?? bytes)).toBe(before);
  });
});
