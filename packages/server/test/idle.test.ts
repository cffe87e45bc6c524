import { expect, test } from '@jest/globals';

import { idleCosts } from './idle-cost.js';

const count = 150;
/** What a socket reads into while much comes, and nobody keeps who is idle. */
const largeBuffer = 512 * 1024;

test(`${count} connections that have nothing to do cost little, also after a transfer`, async () => {
  const { before, after } = await idleCosts(count);
  expect(before).toBeLessThan(count * largeBuffer);
  expect(after).toBeLessThan(count * largeBuffer);
}, 120_000);
