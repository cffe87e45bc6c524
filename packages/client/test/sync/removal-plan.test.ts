import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { RemovalPlan, type Removal } from '../../src/sync/removal-plan.js';
import { collect } from '../support/collect.js';

const plans: RemovalPlan[] = [];

afterEach(async () => {
  for (const plan of plans.splice(0)) await plan.close();
});

async function planOf(removals: readonly Removal[]): Promise<RemovalPlan> {
  const plan = new RemovalPlan();
  plans.push(plan);
  for (const removal of removals) await plan.add(removal);
  return plan;
}

function removalOf(path: string): Removal {
  return { path, type: 'file', size: 1, mtime: -0.5, etag: 'e', isInTheWay: false };
}

test('a plan gives what was added, whatever it is called, and as often as it is asked', async () => {
  // What ends a line somewhere, or means something to JSON.
  const odd = fc.constantFrom('\u2028', '\u2029', '\u0085', '\u000b', '\r', '\n', '"', '\\', 'ä');
  const names = fc.string({ unit: fc.oneof(odd, fc.string({ minLength: 1, maxLength: 1 })) });
  await fc.assert(
    fc.asyncProperty(fc.array(names, { maxLength: 20 }), async (paths) => {
      const removals = paths.map(removalOf);
      const plan = await planOf(removals);
      expect(plan.size).toBe(removals.length);
      for (let time = 0; time < 2; time++) expect(await collect(plan.read())).toEqual(removals);
    }),
    { numRuns: 30 },
  );
});

test('a plan may be longer than what is written at once, and is read no further than asked', async () => {
  const removals = Array.from({ length: 3000 }, (_, index) => removalOf(`${index}`));
  const plan = await planOf(removals);
  for await (const { path } of plan.read()) {
    if (path === '10') break;
  }
  expect(await collect(plan.read())).toEqual(removals);
});
