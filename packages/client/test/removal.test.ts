import { describe, expect, test } from '@jest/globals';

import { ClientError, type ClientErrorCode } from '../src/index.js';
import { repeatableRemoval } from '../src/removal.js';
import { failureOf } from './home/support.js';
import { startBreakingPair } from './support/breaking-pair.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

describe('a removal that is attempted again', () => {
  test('has succeeded when what it removed is gone, and only its answer was lost', async () => {
    const { join: enter, client: other } = await startBreakingPair();
    await other.send(Buffer.from('a'), 'received/a');
    const { client, line } = await enter();
    await client.ping();
    line.cut('down', 0);
    await client.remove('received/a');
    expect(line.opened).toBe(2);
    expect((await failureOf(other.stat('received/a'))).code).toBe('not-found');
    expect((await failureOf(client.remove('received/a'))).code).toBe('not-found');
    await client.close();
  });

  const signal = new AbortController().signal;

  test.each<[ClientErrorCode, boolean]>([
    ['disconnected', true],
    ['timed-out', true],
    ['shutting-down', true],
    ['unreachable', false],
    ['too-many-requests', false],
  ])('behind %s, finds nothing: whether that is its own doing: %s', async (code, isOwn) => {
    const failures: ClientErrorCode[] = [code, 'unreachable', 'not-found'];
    const attempt = repeatableRemoval(() => {
      const next = failures.shift() ?? 'closed';
      return Promise.reject(new ClientError(next, 'It failed'));
    });
    for (const expected of [code, 'unreachable']) {
      expect((await failureOf(attempt(signal))).code).toBe(expected);
    }
    const last = await attempt(signal).then(
      () => true,
      () => false,
    );
    expect(last).toBe(isOwn);
  });
});
