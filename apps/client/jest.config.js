import { fileURLToPath } from 'node:url';

import { preset } from '@e2eeftp/jest-preset';

// Each test runs the program several times, which takes a second each where the machine is busy.
export default preset({
  globalSetup: fileURLToPath(import.meta.resolve('@e2eeftp/bundle/jest-setup')),
  testTimeout: 120_000,
});
