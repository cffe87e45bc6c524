import { describe, expect, test } from '@jest/globals';

import { withRetries, type Retry } from '../src/connection/retry.js';
import { ClientError, type ClientErrorCode } from '../src/index.js';
import { failureOf } from './home/support.js';

const broken = new ClientError('disconnected', 'it broke');

describe('an attempt that fails', () => {
  test.each<ClientErrorCode>([
    'unreachable',
    'disconnected',
    'timed-out',
    'shutting-down',
    'too-many-requests',
  ])('with %s is made again, as often as was said', async (code) => {
    let attempts = 0;
    const error = new ClientError(code, 'it passes');
    const failure = await failureOf(
      withRetries({ retries: 1, signal: undefined }, () => {
        attempts += 1;
        return Promise.reject(error);
      }),
    );
    expect(failure).toBe(error);
    expect(attempts).toBe(2);
  });

  test.each<ClientErrorCode>([
    'not-e2eeftp',
    'unknown-server',
    'changed-server',
    'not-authorized',
    'not-allowed',
    'not-found',
    'conflict',
    'bad-request',
    'bad-range',
    'no-space',
    'server-failed',
    'local-file',
    'integrity',
    'aborted',
    'closed',
  ])('with %s is not made again', async (code) => {
    let attempts = 0;
    const failing = withRetries({ retries: 5, signal: undefined }, () => {
      attempts += 1;
      return Promise.reject(new ClientError(code, 'it stays'));
    });
    expect((await failureOf(failing)).code).toBe(code);
    expect(attempts).toBe(1);
  });

  test('is made again without end while something moves', async () => {
    let attempts = 0;
    const retries: Retry[] = [];
    const onRetry = (retry: Retry): void => void retries.push(retry);
    const result = await withRetries(
      { retries: 1, signal: undefined, onRetry },
      async (progress) => {
        attempts += 1;
        progress();
        if (attempts < 5) throw broken;
        return 'done';
      },
    );
    expect(result).toBe('done');
    expect(retries.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1]);
  });

  test('waits longer each time, and never exactly as long as everybody else', async () => {
    const retries: Retry[] = [];
    const controller = new AbortController();
    const onRetry = (retry: Retry): void => {
      retries.push(retry);
      if (retries.length === 3) controller.abort();
    };
    const { signal } = controller;
    const failing = withRetries({ retries: 9, signal, onRetry }, () => Promise.reject(broken));
    expect((await failureOf(failing)).code).toBe('aborted');
    for (const [index, { error, attempt, delay }] of retries.entries()) {
      expect({ error, attempt }).toEqual({ error: broken, attempt: index + 1 });
      expect(delay).toBeGreaterThanOrEqual(125 * 2 ** index);
      expect(delay).toBeLessThanOrEqual(250 * 2 ** index);
    }
    expect(retries.length).toBe(3);
  });

  test('is not made again once the caller has given up', async () => {
    let attempts = 0;
    const controller = new AbortController();
    const failing = withRetries({ retries: 5, signal: controller.signal }, () => {
      attempts += 1;
      controller.abort();
      return Promise.reject(broken);
    });
    expect(await failureOf(failing)).toBe(broken);
    expect(attempts).toBe(1);
  });
});
