import { test } from '@jest/globals';

import { expectToStand } from './mutation-run.js';

test('100,000 mutated messages harm neither the server nor a client that obeys the protocol', async () => {
  await expectToStand(100_000, 20_260_701);
}, 1_200_000);
