import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * The Jest configuration of a package: TypeScript ES modules from src/ and test/, compiled by swc.
 *
 * @param {import('jest').Config} [overrides] what the package needs beyond it
 * @returns {import('jest').Config}
 */
export function preset(overrides = {}) {
  const slow = process.env.E2EEFTP_SLOW === '1';
  return {
    testEnvironment: here('environment.js'),
    setupFilesAfterEnv: [here('byte-equality.js')],
    testMatch: ['<rootDir>/test/**/*.test.ts'],
    testPathIgnorePatterns: ['/node_modules/', ...(slow ? [] : ['\\.slow\\.test\\.ts$'])],
    extensionsToTreatAsEsm: ['.ts'],
    resolver: here('resolver.cjs'),
    transform: {
      '\\.ts$': [
        fileURLToPath(import.meta.resolve('@swc/jest')),
        {
          jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
          module: { type: 'es6' },
          sourceMaps: 'inline',
        },
      ],
    },
    transformIgnorePatterns: ['/node_modules/', '/dist/'],
    testTimeout: 30_000,
    // More than the cores of a small machine: tests wait for sockets, disks, programs and timeouts.
    maxWorkers: 4,
    ...overrides,
  };
}
