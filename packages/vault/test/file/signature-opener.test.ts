import { describe, expect, test } from '@jest/globals';

import { ContentHash, FileHeadReader, SignatureOpener, type FileHead } from '../../src/index.js';
import { backends } from '../support/backends.js';
import { contentOf, flipBit } from '../support/bytes.js';
import { expectCode } from '../support/errors.js';
import { chunk, entry, fixedOpeningAccess, seal } from '../support/files.js';

const sizes = [0, 1, chunk - 65, chunk - 64, chunk - 63, chunk - 1, chunk, chunk + 1, 3 * chunk];

describe.each(backends)('%s', (_name, backend) => {
  const headOf = (stored: Uint8Array): FileHead => {
    const access = fixedOpeningAccess(backend);
    const reader = new FileHeadReader(access, { entry, storedSize: stored.length });
    reader.receive(stored);
    return reader.finish();
  };
  const rootOf = (content: Uint8Array): Uint8Array => {
    const hash = new ContentHash(backend);
    hash.update(content);
    return hash.root();
  };
  const opened = (stored: Uint8Array, original = stored): SignatureOpener => {
    const opener = new SignatureOpener(headOf(original));
    opener.receive(stored.subarray(opener.storedOffset));
    return opener;
  };

  test.each(sizes)('tells %i bytes from others by the end of the file alone', (size) => {
    const content = contentOf('signature', size);
    const stored = seal(backend, content);
    const opener = opened(stored);
    expect(stored.length - opener.storedOffset).toBeLessThanOrEqual(chunk + 16 + 64 + 16);
    expect(opener.isOf(rootOf(content))).toBe(true);
    const other = size === 0 ? Uint8Array.of(1) : flipBit(content, 8 * (size >> 1));
    expect(opener.isOf(rootOf(other))).toBe(false);
  });

  test('refuses an end that was altered, or is not all there', () => {
    const stored = seal(backend, contentOf('signature', chunk + 1));
    const last = 8 * (stored.length - 20);
    expectCode('chunk-altered', () => opened(flipBit(stored, last), stored));
    const cut = opened(stored.subarray(0, -1), stored);
    expectCode('truncated', () => cut.isOf(rootOf(new Uint8Array(0))));
  });
});
