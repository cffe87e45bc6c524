import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Identity } from '@e2eeftp/crypto';

import { RequestRates } from '../../src/admission/request-rates.js';
import { memoryInUse } from '../support/memory.js';

let now: number;
const clock = (): number => now;

beforeEach(() => {
  now = 7000;
});

/** Waits of requests that all come at this moment. */
function waits(rates: RequestRates, identity: string, count: number): number[] {
  return Array.from({ length: count }, () => rates.take(identity, 1));
}

describe('a rate of ten a second', () => {
  let rates: RequestRates;
  beforeEach(() => {
    rates = new RequestRates(10, clock);
  });

  test('lets a second’s worth come at once, and then one after the other', () => {
    expect(waits(rates, 'a', 14)).toEqual([...Array<number>(10).fill(0), 100, 200, 300, 400]);
  });

  test('is regained with time, never to more than a second’s worth', () => {
    waits(rates, 'a', 10);
    now += 250;
    expect(waits(rates, 'a', 4)).toEqual([0, 0, 50, 150]);
    now += 3_600_000;
    expect(waits(rates, 'a', 11)).toEqual([...Array<number>(10).fill(0), 100]);
  });

  test('is each identity’s own', () => {
    waits(rates, 'a', 1000);
    expect(rates.take('b', 1)).toBe(0);
    expect(rates.take('', 1)).toBe(0);
    expect(rates.take('__proto__', 1)).toBe(0);
    expect(rates.take('a', 1)).toBeGreaterThan(90_000);
  });

  test('counts several at once as one after the other', () => {
    expect(rates.take('a', 10)).toBe(0);
    expect(rates.take('a', 5)).toBe(500);
    expect(rates.take('a', 1)).toBe(600);
  });

  test('holds on average, however the requests come', () => {
    const step = fc.record({ pause: fc.nat(2000), count: fc.integer({ min: 1, max: 30 }) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 100 }), (steps) => {
        let time = 0;
        const held = new RequestRates(10, () => time);
        let total = 0;
        let last = 0;
        for (const { pause, count } of steps) {
          time += pause;
          for (let index = 0; index < count; index++) {
            const wait = held.take('a', 1);
            total++;
            // Whoever waits is not overtaken by himself, and nobody waits longer than he must.
            const served = time + wait;
            expect(served).toBeGreaterThanOrEqual(last);
            expect(total).toBeLessThanOrEqual(10 + served / 100 + 1e-6);
            last = served;
          }
        }
      }),
    );
  });
});

test('a rate below one a second lets the first request come at once', () => {
  const rates = new RequestRates(0.1, clock);
  expect(waits(rates, 'a', 3)).toEqual([0, 10_000, 20_000]);
  now += 30_000;
  expect(rates.take('a', 1)).toBe(0);
});

test.each([0, -1, Number.NaN, Infinity])('a rate of %d holds nobody back', async (perSecond) => {
  const rates = new RequestRates(perSecond, clock);
  expect(waits(rates, 'a', 10_000).every((wait) => wait === 0)).toBe(true);
  const { publicKey } = Identity.generate();
  for (let index = 0; index < 100; index++) {
    await rates.turnOf(publicKey, new AbortController().signal);
  }
});

describe('of many identities', () => {
  test('those that were quiet are forgotten, and nobody gains by it', () => {
    const rates = new RequestRates(10, clock);
    for (let index = 0; index < 5000; index++) rates.take(`${index}`, 1);
    waits(rates, 'busy', 1000);
    now += 1000;
    for (let index = 5000; index < 20_000; index++) rates.take(`${index}`, 1);
    expect(rates.take('busy', 1)).toBe(98_100);
  });

  test('a flood costs bounded memory', () => {
    const rates = new RequestRates(1000, clock);
    const before = memoryInUse();
    for (let index = 0; index < 300_000; index++) {
      rates.take(`identity number ${index}`, 1);
      now += 1;
    }
    expect(memoryInUse() - before).toBeLessThan(10_000_000);
    // What is no longer needed would not count.
    expect(rates.take('one more', 1)).toBe(0);
  });

  test('that all ask, none is slow for the others', () => {
    // Each call that looked at all the others would make this take minutes.
    const rates = new RequestRates(1, clock);
    for (let index = 0; index < 200_000; index++) rates.take(`${index}`, 100);
    expect(rates.take('0', 1)).toBe(100_000);
  });
});

describe('a wait', () => {
  test('lasts as long as the rate says', async () => {
    const rates = new RequestRates(20);
    const { publicKey } = Identity.generate();
    const { signal } = new AbortController();
    const start = performance.now();
    for (let index = 0; index < 24; index++) await rates.turnOf(publicKey, signal);
    // A timer of Node may end a millisecond early.
    expect(performance.now() - start).toBeGreaterThanOrEqual(198);
  });

  test('ends when nobody needs it any more, without a failure', async () => {
    const rates = new RequestRates(1 / 3600);
    const { publicKey } = Identity.generate();
    const controller = new AbortController();
    await rates.turnOf(publicKey, controller.signal);
    const waiting = [1, 2, 3].map(() => rates.turnOf(publicKey, controller.signal));
    controller.abort(new Error('gone'));
    await Promise.all(waiting);
    await rates.turnOf(publicKey, controller.signal);
  });

  test('is shared by all that one identity does at once', async () => {
    const rates = new RequestRates(100);
    const { publicKey } = Identity.generate();
    const start = performance.now();
    await Promise.all(
      Array.from({ length: 125 }, () => rates.turnOf(publicKey, new AbortController().signal)),
    );
    expect(performance.now() - start).toBeGreaterThanOrEqual(248);
  });
});
