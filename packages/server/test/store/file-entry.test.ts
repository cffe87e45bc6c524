import type { BigIntStats } from 'node:fs';
import { stat, utimes, writeFile } from 'node:fs/promises';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { entryFacts, uniqueMtime } from '../../src/store/file-entry.js';
import { inTemporaryDirectory } from './temporary-directory.js';

const second = 1_000_000_000n;

/** What the system says of a new file or folder, with other times. */
async function statsWith(
  kind: 'file' | 'directory',
  times: (now: bigint) => Partial<BigIntStats>,
): Promise<BigIntStats> {
  return inTemporaryDirectory(async (directory) => {
    await writeFile(`${directory}/f`, '');
    const stats = await stat(kind === 'file' ? `${directory}/f` : directory, { bigint: true });
    const now = BigInt(Date.now()) * 1_000_000n;
    return Object.assign(Object.create(stats) as BigIntStats, times(now));
  });
}

/** Whether two looks at one and the same state give one etag. */
function holds(stats: BigIntStats): boolean {
  const first = entryFacts(stats);
  const secondLook = entryFacts(stats);
  expect(first).toMatchObject({ etag: expect.stringMatching(/^[\w-]{22}$/u) as unknown });
  return first?.etag === secondLook?.etag;
}

describe('an etag', () => {
  test.each([
    ['of a file that was just written by another program', 'file', 0n, 0n, false],
    ['of a file that was just put there by the store', 'file', 1n, 0n, true],
    ['of a file whose time was set, just now', 'file', 3600n * second, 0n, true],
    ['of a file that was written a while ago', 'file', 10n * second, 10n * second, true],
    ['of a file from the future', 'file', -10n * second, -10n * second, false],
    ['of a folder that just changed', 'directory', 0n, 0n, false],
    ['of a folder that just changed its owner, too', 'directory', 5n * second, 0n, false],
    ['of a folder that changed a while ago', 'directory', 10n * second, 10n * second, true],
    ['of a folder from the future', 'directory', -10n * second, -10n * second, false],
  ] as const)('%s', async (_what, kind, mtimeAge, ctimeAge, expected) => {
    const stats = await statsWith(kind, (now) => ({
      mtimeNs: now - mtimeAge,
      ctimeNs: now - ctimeAge,
    }));
    expect(holds(stats)).toBe(expected);
  });

  test('differs with each of the device, inode, size and times', async () => {
    const stats = await statsWith('file', (now) => ({ mtimeNs: 5n, ctimeNs: now - 9n * second }));
    const variants = (['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const).map((name) =>
      Object.assign(Object.create(stats) as BigIntStats, { [name]: stats[name] + 1n }),
    );
    const etags = [stats, ...variants].map((version) => entryFacts(version)?.etag);
    expect(new Set(etags).size).toBe(6);
  });
});

test('successive files get times that differ, and say the same millisecond', async () => {
  await inTemporaryDirectory(async (directory) => {
    await writeFile(`${directory}/f`, '');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -2e12, max: 4.2e12 }), async (milliseconds) => {
        const seen = new Set<bigint>();
        for (let turn = 0; turn < 5; turn++) {
          await utimes(`${directory}/f`, 0, uniqueMtime(milliseconds));
          const stats = await stat(`${directory}/f`, { bigint: true });
          seen.add(stats.mtimeNs);
          expect(entryFacts(stats)?.mtime).toBe(milliseconds);
        }
        expect(seen.size).toBe(5);
      }),
    );
  });
});
