import { setImmediate } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';

/** Every test of the file fails that leaves a rejected promise to nobody. */
export function expectNoUnhandledRejections(): void {
  const reasons: unknown[] = [];
  const listener = (reason: unknown): void => {
    reasons.push(reason);
  };
  beforeAll(() => {
    process.on('unhandledRejection', listener);
  });
  afterEach(async () => {
    // Node tells of them once the microtasks are done.
    await setImmediate();
    expect(reasons.splice(0)).toEqual([]);
  });
  afterAll(() => {
    process.off('unhandledRejection', listener);
  });
}
