import { test } from '@jest/globals';

import { surviveKills } from './support/kills.js';

test('no kill -9 takes back a file that was acknowledged, or shows half of one', async () => {
  await surviveKills(6);
}, 240_000);
