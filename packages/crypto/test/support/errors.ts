import { expect } from '@jest/globals';

import { CryptoError, type CryptoErrorCode } from '../../src/index.js';

/** Fails unless the action throws a CryptoError with this code. */
export function expectCode(code: CryptoErrorCode, action: () => unknown): void {
  expect(errorOf(action)?.code).toBe(code);
}

/** The CryptoError that the action throws, or `undefined` when it throws none. */
export function errorOf(action: () => unknown): CryptoError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof CryptoError) return error;
    throw error;
  }
}
