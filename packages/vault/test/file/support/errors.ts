import { expect } from '@jest/globals';

import { VaultFileError, type VaultFileErrorCode } from '../../../src/index.js';

/** The VaultFileError that the action throws, or `undefined` when it throws none. */
export function errorOf(action: () => unknown): VaultFileError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof VaultFileError) return error;
    throw error;
  }
}

export function expectCode(code: VaultFileErrorCode, action: () => unknown): void {
  expect(errorOf(action)?.code).toBe(code);
}
