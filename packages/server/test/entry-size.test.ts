import { encodeCbor, parsePath, type Entry } from '@e2eeftp/protocol';
import { test } from '@jest/globals';
import fc from 'fast-check';

import { sizeAtMost } from '../src/commands/entry-size.js';

const entries = fc.record<Entry>(
  {
    path: fc
      .string({ unit: fc.constantFrom('a', 'é', '語', '🙂', 'Z'), minLength: 1, maxLength: 60 })
      .map(parsePath),
    type: fc.constantFrom('file', 'directory'),
    size: fc.maxSafeNat(),
    mtime: fc.maxSafeInteger(),
    etag: fc.string({ unit: fc.constantFrom('a', '_', '9'), minLength: 1, maxLength: 64 }),
    mode: fc.nat(0o777),
  },
  { requiredKeys: ['path', 'type', 'size', 'mtime', 'etag'] },
);

test('an entry takes no more room than was said, and not much less', () => {
  fc.assert(
    fc.property(entries, (entry) => {
      const { length } = encodeCbor(entry);
      const said = sizeAtMost(entry);
      return length <= said && said <= length + 60;
    }),
  );
});
