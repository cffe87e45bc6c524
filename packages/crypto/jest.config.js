import { preset } from '@e2eeftp/jest-preset';

export default preset({
  moduleNameMapper: { '^#default-backend$': '<rootDir>/src/backends/node/index.ts' },
});
