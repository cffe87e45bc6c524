import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { HandshakePenalties } from '../../src/admission/handshake-penalties.js';
import { memoryInUse } from '../support/memory.js';

const minute = 60_000;

let now: number;
let penalties: HandshakePenalties;

beforeEach(() => {
  now = 1_000_000;
  penalties = new HandshakePenalties(() => now);
});

function fail(group: string, times: number): void {
  for (let failures = 0; failures < times; failures++) penalties.failed(group);
}

/** How long a group still waits, found by looking at the clock alone. */
function waitOf(group: string): number {
  const start = now;
  while (penalties.isBarred(group)) now += 500;
  const wait = now - start;
  now = start;
  return wait;
}

test('who has failed a few times does not wait', () => {
  expect(penalties.isBarred('a')).toBe(false);
  fail('a', 5);
  expect(penalties.isBarred('a')).toBe(false);
});

test('who goes on failing waits twice as long each time, up to a bound', () => {
  fail('a', 5);
  const waits = Array.from({ length: 14 }, () => {
    fail('a', 1);
    return waitOf('a') / 1000;
  });
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 300]);
  fail('a', 5000);
  expect(waitOf('a')).toBe(5 * minute);
});

test('a wait ends by itself, and the next failure costs more all the same', () => {
  fail('a', 8);
  now += 4000;
  expect(penalties.isBarred('a')).toBe(false);
  fail('a', 1);
  expect(waitOf('a')).toBe(8000);
});

test('nobody waits for the failures of another', () => {
  fail('a', 50);
  fail('b', 5);
  expect(penalties.isBarred('b')).toBe(false);
  expect(penalties.isBarred('')).toBe(false);
  expect(penalties.isBarred('__proto__')).toBe(false);
});

test('who belongs here is forgiven at once', () => {
  fail('a', 50);
  penalties.succeeded('a');
  expect(penalties.isBarred('a')).toBe(false);
  fail('a', 5);
  expect(penalties.isBarred('a')).toBe(false);
  penalties.succeeded('never failed');
});

test('what happened long ago counts no more', () => {
  fail('a', 50);
  now += 10 * minute;
  fail('a', 5);
  expect(penalties.isBarred('a')).toBe(false);
  now += 10 * minute - 1;
  fail('a', 1);
  expect(penalties.isBarred('a')).toBe(true);
});

describe('of many addresses', () => {
  const most = 16_384;

  test('those that failed last are remembered', () => {
    for (let index = 0; index < most + 10; index++) fail(`${index}`, 8);
    for (let index = 0; index < 10; index++) expect(penalties.isBarred(`${index}`)).toBe(false);
    expect(penalties.isBarred('10')).toBe(true);
    expect(penalties.isBarred(`${most + 9}`)).toBe(true);
  });

  test('one that fails again is not the oldest any more', () => {
    fail('first', 8);
    fail('second', 8);
    for (let index = 0; index < most - 2; index++) fail(`${index}`, 1);
    fail('first', 1);
    fail('one more', 1);
    expect(penalties.isBarred('first')).toBe(true);
    expect(penalties.isBarred('second')).toBe(false);
  });

  test('a flood costs bounded memory', () => {
    const before = memoryInUse();
    for (let index = 0; index < 300_000; index++) fail(`192.0.2.7-${index}`, 1);
    expect(memoryInUse() - before).toBeLessThan(10_000_000);
  });
});

test('an address waits exactly when its failures say so, whatever others do', () => {
  const group = fc.constantFrom('a', 'b', 'c');
  const step = fc.oneof(
    fc.record({ what: fc.constant('failed' as const), group }),
    fc.record({ what: fc.constant('succeeded' as const), group }),
    fc.record({ what: fc.constant('passes' as const), time: fc.nat(11 * minute) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let clock = 5;
      const real = new HandshakePenalties(() => clock);
      const histories = new Map<string, number[]>();
      for (const taken of steps) {
        if (taken.what === 'passes') clock += taken.time;
        else {
          real[taken.what](taken.group);
          const past = taken.what === 'failed' ? (histories.get(taken.group) ?? []) : [];
          const isForgotten = clock - (past.at(-1) ?? clock) >= 10 * minute;
          const next = taken.what === 'failed' ? [...(isForgotten ? [] : past), clock] : [];
          histories.set(taken.group, next);
        }
        for (const name of ['a', 'b', 'c']) {
          const past = histories.get(name) ?? [];
          const seconds = past.length > 5 ? Math.min(2 ** (past.length - 6), 300) : 0;
          expect(real.isBarred(name)).toBe(clock < (past.at(-1) ?? 0) + seconds * 1000);
        }
      }
    }),
  );
});
