import { setImmediate } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import { Batches, type BatchItem } from '../src/transfer/batches.js';
import { failureOf } from './home/support.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

interface Asked {
  readonly paths: readonly string[];
  readonly signal: AbortSignal;
  /** Answers each file with its path, or as it is said. */
  readonly answer: (outcome?: (path: string) => PromiseSettledResult<string>) => void;
  readonly fail: (error: Error) => void;
}

function fulfilled(value: string): PromiseSettledResult<string> {
  return { status: 'fulfilled', value };
}

function batchesWith(): { batches: Batches<BatchItem, string>; asked: Asked[] } {
  const asked: Asked[] = [];
  const batches = new Batches<BatchItem, string>((items, signal) => {
    const paths = items.map(({ path }) => path);
    return new Promise((resolve, reject) => {
      asked.push({
        paths,
        signal,
        answer: (outcome = fulfilled) => {
          resolve(paths.map(outcome));
        },
        fail: reject,
      });
    });
  });
  return { batches, asked };
}

function names(count: number, prefix = 'f'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

function addAll(
  batches: Batches<BatchItem, string>,
  paths: readonly string[],
  size = 10,
  signal?: AbortSignal,
): Promise<PromiseSettledResult<string>[]> {
  return Promise.allSettled(paths.map((path) => batches.add({ path, size }, signal)));
}

/** What was asked for by now has gone. */
async function turn(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

describe('batches of small files', () => {
  test('what is asked for at once goes together, and each hears of its own', async () => {
    const { batches, asked } = batchesWith();
    const adding = addAll(batches, names(112));
    await turn();
    expect(asked.map(({ paths }) => paths.length)).toEqual([48, 48]);
    for (const { answer } of asked) answer((path) => fulfilled(`content of ${path}`));
    await turn();
    expect(asked[2]?.paths).toEqual(names(112).slice(96));
    asked[2]?.answer((path) => fulfilled(`content of ${path}`));
    expect(await adding).toEqual(names(112).map((path) => fulfilled(`content of ${path}`)));
  });

  test('no more than three are under way', async () => {
    const { batches, asked } = batchesWith();
    const adding = addAll(batches, names(48 * 5));
    await turn();
    expect(asked.length).toBe(3);
    asked[1]?.answer();
    await turn();
    expect(asked.length).toBe(4);
    for (let index = 0; index < 5; index++) {
      asked[index]?.answer();
      await turn();
    }
    expect((await adding).every(({ status }) => status === 'fulfilled')).toBe(true);
  });

  test('a batch holds no more bytes than one may have', async () => {
    const { batches, asked } = batchesWith();
    const large = addAll(batches, names(40), 65_536);
    await turn();
    expect(asked.map(({ paths }) => paths.length)).toEqual([16, 16]);
    for (const { answer } of asked) answer();
    await turn();
    asked[2]?.answer();
    await large;
    const longName = names(60, 'x'.repeat(3000));
    const long = addAll(batches, longName);
    await turn();
    const lengths = asked.slice(3).map(({ paths }) => paths.join('').length);
    expect(lengths.length).toBeGreaterThan(1);
    for (const length of lengths) expect(length).toBeLessThan(65_536);
    for (let index = 3; index < 10; index++) {
      asked[index]?.answer();
      await turn();
    }
    expect((await long).every(({ status }) => status === 'fulfilled')).toBe(true);
  });

  test('a request that fails is the failure of its files, and of no others', async () => {
    const { batches, asked } = batchesWith();
    const first = addAll(batches, names(48, 'a'));
    const second = addAll(batches, names(48, 'b'));
    await turn();
    asked[0]?.fail(new Error('broken'));
    asked[1]?.answer((path) =>
      path === 'b7' ? { status: 'rejected', reason: new Error('alone') } : fulfilled(path),
    );
    const reasons = (results: PromiseSettledResult<string>[]): string[] =>
      results.map((result) => (result.status === 'rejected' ? String(result.reason) : ''));
    expect(new Set(reasons(await first))).toEqual(new Set(['ClientError: broken']));
    expect(reasons(await second).filter((reason) => reason !== '')).toEqual(['ClientError: alone']);
  });

  test('who gives up waiting is not asked for, or does not hear of it', async () => {
    const { batches, asked } = batchesWith();
    const [early, late] = [new AbortController(), new AbortController()];
    const givenUp = failureOf(batches.add({ path: 'early', size: 1 }, early.signal));
    const others = addAll(batches, ['a', 'b']);
    const inVain = failureOf(batches.add({ path: 'late', size: 1 }, late.signal));
    early.abort();
    await turn();
    expect(asked.map(({ paths }) => paths)).toEqual([['a', 'b', 'late']]);
    late.abort();
    expect((await givenUp).code).toBe('aborted');
    expect((await inVain).code).toBe('aborted');
    expect(asked[0]?.signal.aborted).toBe(false);
    asked[0]?.answer();
    expect(await others).toEqual(['a', 'b'].map(fulfilled));
  });

  test('a request that nobody waits for is given up', async () => {
    const { batches, asked } = batchesWith();
    const controller = new AbortController();
    const adding = addAll(batches, names(5), 1, controller.signal);
    await turn();
    expect(asked[0]?.signal.aborted).toBe(false);
    controller.abort();
    expect(asked[0]?.signal.aborted).toBe(true);
    expect((await adding).every(({ status }) => status === 'rejected')).toBe(true);
    asked[0]?.fail(new Error('given up'));
    const after = addAll(batches, ['next']);
    await turn();
    asked[1]?.answer();
    expect(await after).toEqual([fulfilled('next')]);
    const never = batches.add({ path: 'never', size: 1 }, controller.signal);
    expect((await failureOf(never)).code).toBe('aborted');
  });
});
