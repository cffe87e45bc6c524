import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { PathLocks } from '../../src/store/path-locks.js';

describe('locks by path', () => {
  test.each([
    [['a'], ['a'], true],
    [['a'], ['a/b'], true],
    [['a/b/c'], ['a'], true],
    [['a', 'x'], ['b', 'x/y'], true],
    [['a'], ['b'], false],
    [['a'], ['ab'], false],
    [['a/b'], ['a/c'], false],
    [['a/b'], ['a-b'], false],
  ])('%j and %j exclude each other: %s', async (first, second, areExclusive) => {
    const locks = new PathLocks();
    const events: string[] = [];
    const { promise: held, resolve: release } = gate();
    const one = locks.run(first, async () => {
      await held;
      events.push('first ends');
    });
    const two = locks.run(second, async () => {
      events.push('second');
    });
    await settled();
    expect(events).toEqual(areExclusive ? [] : ['second']);
    release();
    await Promise.all([one, two]);
    expect(events.at(areExclusive ? 0 : 1)).toBe('first ends');
  });

  test('work that fails gives its paths back, and its error to the caller', async () => {
    const locks = new PathLocks();
    await expect(locks.run(['a'], () => Promise.reject(new Error('broken')))).rejects.toThrow(
      'broken',
    );
    await expect(
      locks.run(['a'], () => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    expect(await locks.run(['a'], async () => 'done')).toBe('done');
  });

  test('no two that exclude each other ever run at once, and turns go in order', async () => {
    const path = fc.constantFrom('a', 'a/b', 'a/b/c', 'a/d', 'e', 'e/f', 'ab');
    const calls = fc.array(fc.record({ paths: fc.array(path, { minLength: 1, maxLength: 2 }) }), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), calls, async (scheduler, claims) => {
        const locks = new PathLocks();
        const running = new Set<number>();
        const begun: number[] = [];
        const all = claims.map(({ paths }, index) =>
          locks.run(paths, async () => {
            for (const other of running) expect(touches(paths, claims[other]!.paths)).toBe(false);
            running.add(index);
            begun.push(index);
            await scheduler.schedule(Promise.resolve());
            running.delete(index);
          }),
        );
        await scheduler.waitFor(Promise.all(all));
        expect([...begun].sort((a, b) => a - b)).toEqual(claims.map((_, index) => index));
        for (const [order, index] of begun.entries()) {
          for (const earlier of begun.slice(0, order)) {
            const isOvertaken = earlier > index;
            if (isOvertaken) {
              expect(touches(claims[earlier]!.paths, claims[index]!.paths)).toBe(false);
            }
          }
        }
      }),
    );
  });
});

function touches(left: readonly string[], right: readonly string[]): boolean {
  return left.some((a) =>
    right.some((b) => `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`)),
  );
}

function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
