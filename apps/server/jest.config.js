import { fileURLToPath } from 'node:url';

import { preset } from '@e2eeftp/jest-preset';

export default preset({
  globalSetup: fileURLToPath(import.meta.resolve('@e2eeftp/bundle/jest-setup')),
});
