import { decodeCbor } from '@e2eeftp/protocol';
import { expect, test } from '@jest/globals';

import { corpus } from './support/mutation/corpus.js';
import { crookedCbor } from './support/mutation/crooked-cbor.js';
import { Random } from './support/mutation/random.js';

test('nothing that is to be crooked is straight', () => {
  const straight: unknown[] = [];
  for (let seed = 0; seed < 20_000; seed++) {
    const random = new Random(seed);
    const { command, args, body } = random.pick(corpus(random));
    const bytes = crookedCbor(random, { id: seed, command, args, body });
    try {
      straight.push({ seed, value: decodeCbor(bytes) });
    } catch {
      // As it should be.
    }
  }
  expect(straight).toEqual([]);
});
