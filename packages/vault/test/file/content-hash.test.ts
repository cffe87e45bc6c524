import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ContentHash, hashLeaf } from '../../src/index.js';
import { backends } from '../support/backends.js';
import { arbitraryCuts, contentOf, cutAt, hex, sha256, unhex } from '../support/bytes.js';
import { expectCode } from '../support/errors.js';
import { leaf } from '../support/files.js';

const content = contentOf('tree', 2 * leaf + 12_345);
const leaves = [0, 1, 2].map((index) => content.subarray(index * leaf, (index + 1) * leaf));

describe.each(backends)('%s', (_name, backend) => {
  function rootOf(pieces: readonly Uint8Array[]): string {
    const hash = new ContentHash(backend);
    for (const piece of pieces) hash.update(piece);
    return hex(hash.root());
  }

  test('the root is the digest of the digests of the leaves', () => {
    const digests = leaves.map((part) => unhex(sha256(part)));
    expect(rootOf([content])).toBe(sha256(...digests));
    expect(leaves.map((part) => hex(hashLeaf(backend, part)))).toEqual(
      digests.map((digest) => hex(digest)),
    );
    expect(rootOf([])).toBe(sha256());
    expect(rootOf([new Uint8Array(0)])).toBe(sha256());
    expect(rootOf([Uint8Array.of(1)])).toBe(sha256(unhex(sha256(Uint8Array.of(1)))));
    const whole = content.subarray(0, leaf);
    expect(rootOf([whole])).toBe(sha256(unhex(sha256(whole))));
  });

  test('it does not depend on how the content is cut', () => {
    const whole = rootOf([content]);
    fc.assert(
      fc.property(arbitraryCuts(content.length), (cuts) => {
        expect(rootOf(cutAt(content, cuts))).toBe(whole);
      }),
      { numRuns: 8 },
    );
  });

  test('it says which leaves are finished, and goes on behind known ones', () => {
    const hash = new ContentHash(backend);
    expect(hash.update(content.subarray(0, leaf - 1))).toEqual([]);
    const finished = hash.update(content.subarray(leaf - 1));
    expect(finished.map((digest) => hex(digest))).toEqual(
      leaves.slice(0, 2).map((part) => sha256(part)),
    );
    expect(hash.size).toBe(content.length);
    const resumed = new ContentHash(backend);
    for (const digest of finished) resumed.addLeaf(digest);
    expect(resumed.size).toBe(2 * leaf);
    resumed.update(leaves[2] ?? content);
    expect(hex(resumed.root())).toBe(hex(hash.root()));
  });

  test('no leaf goes between the bytes of another', () => {
    const hash = new ContentHash(backend);
    hash.update(Uint8Array.of(1));
    expectCode('misuse', () => {
      hash.addLeaf(new Uint8Array(32));
    });
    expectCode('misuse', () => {
      new ContentHash(backend).addLeaf(new Uint8Array(31));
    });
  });
});
