import { describe, expect, test } from '@jest/globals';

import { MemoryStore } from '../../src/store/memory-store.js';
import { storeConformance } from '../../src/store/conformance.js';

storeConformance('MemoryStore', async () => ({ store: new MemoryStore() }), {
  describe,
  test,
  expect,
});
