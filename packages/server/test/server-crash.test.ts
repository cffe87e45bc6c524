import { test } from '@jest/globals';

import { surviveServerKills } from './support/server-crashes.js';

test('no kill -9 of a server takes back what it has acknowledged', async () => {
  await surviveServerKills(4);
}, 120_000);
