import { silentLogger } from '@e2eeftp/server';
import { describe, expect, test } from '@jest/globals';

import { DeliveryQueue, type DeliveryOutcome } from '../../src/hooks/delivery-queue.js';
import { HookFailure } from '../../src/hooks/hook-failure.js';
import type { UploadEvent } from '../../src/hooks/upload-event.js';

type Deliver = (event: UploadEvent, signal: AbortSignal) => Promise<void>;

function event(id: number): UploadEvent {
  const path = `received/${id}`;
  const file = `/data/${path}`;
  return { event: 'upload', id: `${id}`, time: '', path, file, size: 0, client: '', name: null };
}

class Bench {
  readonly outcomes: DeliveryOutcome[] = [];
  readonly queue: DeliveryQueue;
  retries = 0;

  constructor(deliver: Deliver, timeout = 60_000, firstDelay = 1) {
    this.queue = new DeliveryQueue({
      hook: 'command',
      deliver,
      timeout: () => timeout,
      logger: silentLogger,
      observer: {
        ended: (outcome) => this.outcomes.push(outcome),
        retried: () => {
          this.retries += 1;
        },
      },
      firstDelay,
    });
  }

  count(outcome: DeliveryOutcome): number {
    return this.outcomes.filter((one) => one === outcome).length;
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new HookFailure('aborted'));
    });
  });
}

test('what fails is tried again, a bounded number of times', async () => {
  const tries = new Map<string, number>();
  const bench = new Bench(({ id }) => {
    const count = (tries.get(id) ?? 0) + 1;
    tries.set(id, count);
    const succeeds = id === '1' && count === 3;
    return succeeds ? Promise.resolve() : Promise.reject(new HookFailure('no'));
  });
  bench.queue.push(event(1));
  bench.queue.push(event(2));
  await bench.queue.close(60_000);
  expect(Object.fromEntries(tries)).toEqual({ 1: 3, 2: 6 });
  expect(bench.outcomes).toEqual(['delivered', 'failed']);
  expect(bench.retries).toBe(2 + 5);
});

test('what will not pass, and a fault of the hook itself, are not tried again', async () => {
  const bench = new Bench(({ id }) =>
    Promise.reject(id === '1' ? new HookFailure('no', { isPassing: false }) : new TypeError('x')),
  );
  bench.queue.push(event(1));
  bench.queue.push(event(2));
  await bench.queue.close(60_000);
  expect(bench.outcomes).toEqual(['failed', 'failed']);
  expect(bench.retries).toBe(0);
});

test('few are under way at once, as many wait as may, and the rest is dropped at once', async () => {
  let underWay = 0;
  let most = 0;
  let release: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const bench = new Bench(async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await gate;
    underWay -= 1;
  });
  for (let id = 0; id < 1500; id++) bench.queue.push(event(id));
  expect(bench.queue.length).toBe(1000);
  expect(bench.outcomes).toEqual(Array.from({ length: 496 }, () => 'dropped'));
  release?.();
  await bench.queue.close(60_000);
  expect(most).toBe(4);
  expect(bench.count('delivered')).toBe(1004);
  expect(bench.queue.length).toBe(0);
});

test('one that takes too long is ended, and tried again', async () => {
  const bench = new Bench((_event, signal) => untilAborted(signal), 1);
  bench.queue.push(event(1));
  await bench.queue.close(60_000);
  expect(bench.outcomes).toEqual(['failed']);
  expect(bench.retries).toBe(5);
});

describe('closing', () => {
  test('with no time ends what is under way and drops what waits', async () => {
    const bench = new Bench((_event, signal) => untilAborted(signal));
    for (let id = 0; id < 10; id++) bench.queue.push(event(id));
    await bench.queue.close(0);
    expect([bench.count('failed'), bench.count('dropped')]).toEqual([4, 6]);
    bench.queue.push(event(10));
    expect(bench.count('dropped')).toBe(7);
  });

  test('does not wait for what is to be tried again later', async () => {
    const bench = new Bench(() => Promise.reject(new HookFailure('no')), 60_000, 3_600_000);
    bench.queue.push(event(1));
    await bench.queue.close(10);
    expect(bench.outcomes).toEqual(['failed']);
  });

  test('of one that has nothing to do is done at once', async () => {
    await new Bench(() => Promise.resolve()).queue.close(3_600_000);
  });
});

test('what waits can be dropped, and later uploads are told again', async () => {
  const bench = new Bench((_event, signal) => untilAborted(signal));
  for (let id = 0; id < 6; id++) bench.queue.push(event(id));
  bench.queue.dropAll('off');
  expect([bench.queue.length, bench.count('dropped')]).toEqual([0, 2]);
  await bench.queue.close(0);
});
