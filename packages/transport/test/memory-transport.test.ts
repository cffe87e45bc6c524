import { describe, expect, test } from '@jest/globals';

import { transportConformance } from '../src/conformance.js';
import { memoryTransportPair } from '../src/index.js';

transportConformance(
  'a pair in memory',
  async () => {
    const [left, right] = memoryTransportPair();
    return { left, right };
  },
  { describe, test, expect },
);

test('a pair in memory copies what it is given, as a network does', async () => {
  const [left, right] = memoryTransportPair();
  const bytes = Buffer.from('before');
  await left.write([bytes]);
  bytes.write('after!');
  expect(Buffer.from((await right.read()) ?? []).toString()).toBe('before');
  left.destroy();
  right.destroy();
});
