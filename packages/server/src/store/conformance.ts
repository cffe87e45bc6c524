import type { TestFramework } from '@e2eeftp/transport/conformance';

import { batchTests } from './conformance/batches.js';
import { concurrencyTests } from './conformance/concurrency.js';
import { StoreProbe, type StoreFixture, type SuiteContext } from './conformance/context.js';
import { fileTests } from './conformance/files.js';
import { listingTests } from './conformance/listing.js';
import { quotaTests } from './conformance/quotas.js';
import { treeTests } from './conformance/tree.js';
import { uploadFencingTests } from './conformance/upload-fencing.js';
import { uploadTests } from './conformance/uploads.js';
import { versionTests } from './conformance/versions.js';

export type { StoreFixture } from './conformance/context.js';
export type { Expectation, TestFramework } from '@e2eeftp/transport/conformance';

/**
 * Defines tests for everything that the `Store` interface promises. Each implementation runs them.
 *
 * @param name - the store's
 * @param makeStore - makes an empty store, of its own for each test; the suite closes it
 * @param framework - Jest's `describe`, `test` and `expect`, or the like
 */
export function storeConformance(
  name: string,
  makeStore: () => Promise<StoreFixture>,
  framework: TestFramework,
): void {
  const check: SuiteContext['check'] = (title, run) => {
    framework.test(title, async () => {
      const { store, dispose } = await makeStore();
      try {
        await run(new StoreProbe(store));
      } finally {
        await store.close();
        await dispose?.();
      }
    });
  };
  framework.describe(`${name} keeps what a store promises`, () => {
    for (const define of [
      fileTests,
      versionTests,
      batchTests,
      treeTests,
      listingTests,
      concurrencyTests,
      uploadTests,
      uploadFencingTests,
      quotaTests,
    ]) {
      define({ framework, check });
    }
  });
}
