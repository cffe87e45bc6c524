import { test } from '@jest/globals';

import { surviveKills } from './upload-crashes.js';

test('no kill -9 of two hundred breaks what was told of an upload', async () => {
  await surviveKills(200, 'full');
}, 1_200_000);
