import { test } from '@jest/globals';

import { surviveServerKills } from './support/server-crashes.js';

test('no kill -9 of two hundred takes back what a server has acknowledged', async () => {
  await surviveServerKills(200);
}, 1_200_000);
