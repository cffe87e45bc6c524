import { setImmediate } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import { inParallel, TaskPool } from '../../src/tree/task-pool.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';

expectNoUnhandledRejections();

/** Tasks that end when they are told to. */
class Tasks {
  readonly running = new Map<number, { end: () => void; fail: (reason: Error) => void }>();

  run(index: number): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.running.set(index, { end: resolve, fail: reject });
    }).finally(() => this.running.delete(index));
  }
}

describe('a pool of tasks', () => {
  test('begins no more than it may, and the next when one has ended', async () => {
    const pool = new TaskPool(2);
    const tasks = new Tasks();
    await pool.add(() => tasks.run(0));
    await pool.add(() => tasks.run(1));
    const third = pool.add(() => tasks.run(2));
    await setImmediate();
    expect([...tasks.running.keys()]).toEqual([0, 1]);
    tasks.running.get(1)?.end();
    await third;
    expect([...tasks.running.keys()]).toEqual([0, 2]);
    const ended = pool.end();
    for (const { end } of tasks.running.values()) end();
    await ended;
    expect(tasks.running.size).toBe(0);
  });

  test('fails as the first task did, once all have ended, and begins no other', async () => {
    const pool = new TaskPool(2);
    const tasks = new Tasks();
    await pool.add(() => tasks.run(0));
    await pool.add(() => tasks.run(1));
    const waiting = pool.add(() => tasks.run(2));
    tasks.running.get(0)?.fail(new Error('first'));
    await expect(waiting).rejects.toThrow('first');
    const ended = pool.end().catch((error: unknown) => error);
    await setImmediate();
    expect([...tasks.running.keys()]).toEqual([1]);
    tasks.running.get(1)?.fail(new Error('second'));
    expect(String(await ended)).toBe('Error: first');
    await expect(pool.add(() => tasks.run(3))).rejects.toThrow('first');
    expect(tasks.running.size).toBe(0);
  });
});

describe('work in parallel', () => {
  test('takes no more of an endless source than it works on, and closes it when a task fails', async () => {
    let given = 0;
    let isClosed = false;
    async function* endless(): AsyncGenerator<number, void, void> {
      try {
        for (;;) yield given++;
      } finally {
        isClosed = true;
      }
    }
    const tasks = new Tasks();
    const work = inParallel(endless(), 3, (index) => tasks.run(index));
    const outcome = work.catch((error: unknown) => error);
    await setImmediate();
    expect([...tasks.running.keys()]).toEqual([0, 1, 2]);
    // One waits for its turn.
    expect(given).toBe(4);
    tasks.running.get(1)?.fail(new Error('broken'));
    await setImmediate();
    for (const { end } of tasks.running.values()) end();
    expect(String(await outcome)).toBe('Error: broken');
    expect(isClosed).toBe(true);
    expect(given).toBe(4);
  });

  test('waits for what is under way when its source fails', async () => {
    async function* failing(): AsyncGenerator<number, void, void> {
      yield 0;
      await setImmediate();
      throw new Error('source');
    }
    const tasks = new Tasks();
    const outcome = inParallel(failing(), 3, (index) => tasks.run(index)).catch(String);
    let hasEnded = false;
    void outcome.then(() => (hasEnded = true));
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    expect(hasEnded).toBe(false);
    tasks.running.get(0)?.end();
    expect(await outcome).toBe('Error: source');
  });
});
