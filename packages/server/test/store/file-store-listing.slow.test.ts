import { expect, test } from '@jest/globals';

import { startChild } from './child-process.js';
import { inTemporaryDirectory } from './temporary-directory.js';

test('a hundred thousand files are listed in less than 200 MiB', async () => {
  await inTemporaryDirectory(async (directory) => {
    const child = await startChild('list-many.mjs', [directory, '100000']);
    try {
      const { listed, isOrdered, memory } = JSON.parse((await child.nextLine()) ?? '{}') as {
        listed: number;
        isOrdered: boolean;
        memory: number;
      };
      expect({ listed, isOrdered }).toEqual({ listed: 100_000, isOrdered: true });
      expect(memory).toBeLessThan(200);
    } finally {
      await child.kill();
    }
  });
}, 120_000);
