import { test } from '@jest/globals';

import { expectToStand } from './mutation-run.js';

test('5,000 mutated messages harm neither the server nor a client that obeys the protocol', async () => {
  await expectToStand(5000, 20_260_601);
}, 300_000);
