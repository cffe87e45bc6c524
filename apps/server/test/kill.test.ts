import { test } from '@jest/globals';

import { surviveKills } from './support/kills.js';

test('no kill -9 takes back a file that was acknowledged, or shows half of one', async () => {
  await surviveKills(20);
}, 240_000);
