import { expect } from '@jest/globals';

import { VaultError, type VaultErrorCode } from '../../src/index.js';

/** The VaultError that a call ends with; `undefined` when it ends well. */
export function errorOf(call: () => unknown): VaultError | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return requireVaultError(error);
  }
}

/** Its code. */
export function codeOf(call: () => unknown): VaultErrorCode | undefined {
  return errorOf(call)?.code;
}

/** The same for what ends later. */
export async function codeOfAsync(promise: Promise<unknown>): Promise<VaultErrorCode | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return requireVaultError(error).code;
  }
}

export function expectCode(code: VaultErrorCode, call: () => unknown): void {
  expect(codeOf(call)).toBe(code);
}

function requireVaultError(error: unknown): VaultError {
  if (error instanceof VaultError) return error;
  throw error;
}
