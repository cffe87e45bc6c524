import type { TreeProgress } from '@e2eeftp/client';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import stringWidth from 'string-width';

import { progressLines } from '../src/progress-lines.js';
import { RateMeter } from '../src/rate-meter.js';
import { shortened } from '../src/text-width.js';
import { TransferProgress } from '../src/transfer-progress.js';

const names = [
  'report.pdf',
  '文档文档文档文档文档文档文档文档.txt',
  '👩‍🚀🎉🎉🎉🎉🎉🎉🎉🎉🎉.png',
  'e\u0301'.repeat(300),
  'x'.repeat(255),
  '',
];

function state(
  bytes: number,
  current: [local: string, transferred: number, total?: number],
  rest: Partial<TreeProgress> = {},
): TreeProgress {
  const [local, transferred, total] = current;
  return { files: 0, bytes, current: { local, remote: local, transferred, total }, ...rest };
}

describe('lines of progress', () => {
  test('look like this, with much room and with little', () => {
    const advances = [
      { label: 'report.pdf', bytes: 5_700_000, total: 10_000_000, rate: 1_200_000 },
      { label: 'video.mkv', bytes: 99_999_999, total: 100_000_000, rate: 999_400 },
      { label: 'from a pipe', bytes: 1234, total: undefined, rate: undefined },
      { label: '3 of 7 files', bytes: 0, total: 4e15, rate: 10 },
    ];
    expect(progressLines(advances, 79)).toEqual([
      'report.pdf    [############..........]    57 %  1.2 MB/s      0:04 left',
      'video.mkv     [#####################.]    99 %  999 kB/s      0:01 left',
      'from a pipe                             1.2 kB',
      '3 of 7 files  [......................]     0 %    10 B/s',
    ]);
    expect(progressLines(advances.slice(0, 1), 48)).toEqual([
      'report.pdf    57 %  1.2 MB/s      0:04 left',
    ]);
    expect(progressLines(advances.slice(0, 1), 30)).toEqual(['report.pdf    57 %  1.2 MB/s']);
    expect(progressLines(advances.slice(0, 1), 18)).toEqual(['report.pdf    57 %']);
  });

  test('are never wider than the room, whatever the names and numbers', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            label: fc.oneof(fc.constantFrom(...names), fc.string({ unit: 'grapheme' })),
            bytes: fc.maxSafeNat(),
            total: fc.option(fc.maxSafeNat(), { nil: undefined }),
            rate: fc.option(fc.double({ min: 0, max: 1e15, noNaN: true }), { nil: undefined }),
          }),
          { minLength: 1, maxLength: 5 },
        ),
        fc.integer({ min: 1, max: 250 }),
        (advances, columns) => {
          const lines = progressLines(advances, columns);
          expect(lines).toHaveLength(advances.length);
          for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });

  test.each(names)('shorten a name to any width, and keep its ending: %s', (name) => {
    for (let columns = 0; columns < 40; columns++) {
      const text = shortened(name, columns);
      expect(stringWidth(text)).toBeLessThanOrEqual(columns);
      if (columns > 20 && name.endsWith('.txt')) expect(text).toMatch(/\.txt$/u);
    }
  });
});

describe('a rate', () => {
  test('is that of the last seconds, and goes down while nothing moves', () => {
    const meter = new RateMeter();
    for (let time = 0; time <= 20_000; time += 50) meter.add(time * 1000, time);
    expect(meter.rate(20_000_000, 20_000)).toBeCloseTo(1e6, -4);
    for (let time = 20_050; time <= 24_000; time += 50) meter.add(20_000_000, time);
    expect(meter.rate(20_000_000, 24_000)).toBeCloseTo(0.5e6, -5);
    for (let time = 24_050; time <= 40_000; time += 50) meter.add(20_000_000, time);
    expect(meter.rate(20_000_000, 40_000)).toBe(0);
  });

  test('is not guessed at the start', () => {
    const meter = new RateMeter();
    expect(meter.rate(5, 0)).toBeUndefined();
    meter.add(5, 0);
    expect(meter.rate(1e9, 1)).toBeUndefined();
  });
});

describe('the progress of a transfer', () => {
  const room = { columns: 100, rows: 23 };

  test('of one file has one line', () => {
    const progress = new TransferProgress();
    expect(progress.lines(room, 0)).toEqual([]);
    progress.update(state(50, ['dir/one', 50, 100]), 0);
    expect(progress.lines(room, 0)).toEqual([expect.stringMatching(/^one .*50 %$/u)]);
    progress.end({ local: 'dir/one', remote: 'dir/one' });
    expect(progress.lines(room, 0)).toEqual([]);
  });

  test('of many has one for each that takes a while, and one for all', () => {
    const progress = new TransferProgress();
    const found = { files: 5, bytes: 1000, isComplete: false };
    progress.update(state(10, ['a', 10, 100], { files: 2, found }), 0);
    progress.update(state(60, ['b', 50, 100], { files: 2, found }), 0);
    expect(progress.lines(room, 10)).toEqual([
      expect.stringMatching(/^2 of 5\+ files, 60 B of 1\.0 kB\+ {2,}60 B$/u),
    ]);
    const complete = { ...found, isComplete: true };
    progress.update(state(100, ['b', 90, 100], { files: 2, found: complete }), 1000);
    expect(progress.lines(room, 1000)).toEqual([
      expect.stringMatching(/^a .* 10 % +0 B\/s$/u),
      expect.stringMatching(/^b .* 90 % +40 B\/s +0:01 left$/u),
      expect.stringMatching(/^2 of 5 files, 100 B of 1\.0 kB .* 10 % +90 B\/s +0:10 left$/u),
    ]);
    progress.end({ local: 'a', remote: 'a' });
    expect(progress.lines(room, 1000)).toHaveLength(2);
  });

  test('has no more lines than there is room for, and forgets what is never ended', () => {
    const progress = new TransferProgress();
    for (let index = 0; index < 3000; index++) {
      progress.update(state(index, [`f${index}`, 1, 2]), 0);
    }
    expect(progress.lines(room, 1000)).toHaveLength(9);
    expect(progress.lines({ columns: 20, rows: 3 }, 1000)).toHaveLength(3);
    expect(progress.lines({ columns: 1, rows: 1 }, 1000)).toHaveLength(1);
    expect(progress.lines(room, 1000)[0]).toMatch(/^f2000 /u);
    expect(progress.lines(room, 1000).at(-1)).toMatch(/^0 files done/u);
  });

  test('shows names harmlessly', () => {
    const progress = new TransferProgress();
    progress.update(state(1, ['\u001B[2J\n\u202E\u200B', 1, 2]), 0);
    expect(progress.lines(room, 0)[0]).toMatch(/^\uFFFD\[2J\uFFFD\uFFFD\uFFFD /u);
  });
});
