import type { SuiteContext, TransportPair } from './conformance/context.js';
import { endingTests } from './conformance/ending.js';
import { flowTests } from './conformance/flow.js';
import type { TestFramework } from './conformance/framework.js';

export type { TransportPair } from './conformance/context.js';
export type { Expectation, TestFramework } from './conformance/framework.js';

/**
 * Defines tests for everything that the `Transport` interface promises. Each implementation runs
 * them.
 *
 * @param name - the transport's
 * @param makePair - makes a connection and gives its two ends, anew for each test; the suite
 *   destroys them
 * @param framework - Jest's `describe`, `test` and `expect`, or the like
 */
export function transportConformance(
  name: string,
  makePair: () => Promise<TransportPair>,
  framework: TestFramework,
): void {
  const check: SuiteContext['check'] = (title, run) => {
    framework.test(title, async () => {
      const { left, right, dispose } = await makePair();
      try {
        await run(left, right);
      } finally {
        left.destroy();
        right.destroy();
        await dispose?.();
      }
    });
  };
  framework.describe(`${name} keeps what a transport promises`, () => {
    for (const define of [flowTests, endingTests]) define({ framework, check });
  });
}
