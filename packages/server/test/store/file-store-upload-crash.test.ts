import { test } from '@jest/globals';

import { surviveKills } from './upload-crashes.js';

test('no kill -9 breaks what was told of an upload', async () => {
  await surviveKills(5, 'full');
}, 120_000);

test('nor without flushes', async () => {
  await surviveKills(3, 'relaxed');
}, 60_000);
