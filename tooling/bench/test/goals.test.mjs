import { describe, expect, test } from '@jest/globals';

import { contenders } from '../contenders/index.mjs';
import { goals, judge, median } from '../works/goals.mjs';
import { worksOf } from '../works/index.mjs';

const times = (up, down) => ({ up, down });

describe('goals', () => {
  test('are about contenders who do that work', () => {
    for (const { work, of, against } of goals) {
      expect(worksOf(false)[work].contenders).toEqual(expect.arrayContaining([of, ...against]));
    }
  });

  test('are held against the fastest of the others, round by round', () => {
    const works = {
      tree: {
        seconds: {
          e2eeftp: times([1, 2, 4], [1, 1, 1]),
          'rsync over ssh': times([3, 3, 3], [9, 9, 9]),
          'tar over ssh': times([2, 2, 2], [10, 10, 10]),
        },
      },
    };
    const judged = judge(works).map(({ direction, fastest, ratios }) => [
      direction,
      fastest,
      ratios,
    ]);
    expect(judged).toEqual([
      ['up', 'tar over ssh', [2, 1, 0.5]],
      ['down', 'rsync over ssh', [9, 9, 9]],
    ]);
  });

  test('that were not measured are left out', () => {
    expect(judge({})).toEqual([]);
    expect(judge({ tree: { seconds: { e2eeftp: times([1], [1]) } } })).toEqual([]);
    expect(judge({ tree: { seconds: { sftp: times([1], [1]) } } })).toEqual([]);
  });
});

test('the median does not depend on the order', () => {
  const numbers = [5, 1, 3];
  expect(median(numbers)).toBe(3);
  expect(numbers).toEqual([5, 1, 3]);
});

test('quick works are the same works, done by the same contenders', () => {
  const [full, quick] = [worksOf(false), worksOf(true)];
  expect(Object.keys(quick)).toEqual(Object.keys(full));
  for (const [name, { contenders: names, isListed, isOnDisk }] of Object.entries(quick)) {
    expect({ names, isListed, isOnDisk }).toEqual({
      names: full[name].contenders,
      isListed: full[name].isListed,
      isOnDisk: full[name].isOnDisk,
    });
    for (const contender of names) expect(contenders).toHaveProperty([contender]);
  }
});
