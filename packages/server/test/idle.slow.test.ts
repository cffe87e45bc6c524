import { expect, test } from '@jest/globals';

import { idleCosts } from './idle-cost.js';

test('1,000 connections that have nothing to do cost less than 100 MB, also after a transfer', async () => {
  const { before, after } = await idleCosts(1000);
  expect(before).toBeLessThan(100_000_000);
  expect(after).toBeLessThan(100_000_000);
}, 600_000);
