import { expect, test } from '@jest/globals';

import { backends } from './support/backends.js';
import { hex } from './support/bytes.js';

test.each(backends)(
  '%s gives no random bytes twice, whatever lengths are asked for',
  (_name, backend) => {
    const seen = new Set<string>();
    for (let round = 0; round < 400; round++) {
      for (const length of [12, 16, 31, 32, 63, 64, 65, 200]) {
        const bytes = backend.randomBytes(length);
        expect(bytes).toHaveLength(length);
        for (let start = 0; start + 8 <= length; start += 8) {
          seen.add(hex(bytes.subarray(start, start + 8)));
        }
      }
    }
    const pieces = [1, 2, 3, 4, 7, 8, 8, 25].reduce((sum, count) => sum + count, 0);
    expect(seen.size).toBe(400 * pieces);
  },
);

test.each(backends)('%s gives memory that nobody else has', (_name, backend) => {
  const [one, other] = [backend.randomBytes(16), backend.randomBytes(16)];
  const before = hex(other);
  one.fill(0);
  expect(one.buffer).not.toBe(other.buffer);
  expect(one.buffer.byteLength).toBe(16);
  expect(hex(other)).toBe(before);
  expect(backend.randomBytes(0)).toHaveLength(0);
});
