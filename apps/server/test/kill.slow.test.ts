import { test } from '@jest/globals';

import { surviveKills } from './support/kills.js';

test('no kill -9 of two hundred takes back a file that was acknowledged', async () => {
  await surviveKills(200);
}, 2_400_000);
