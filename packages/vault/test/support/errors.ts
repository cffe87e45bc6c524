import { VaultError, type VaultErrorCode } from '../../src/index.js';

/** The code of the VaultError that a call ends with; `undefined` when it ends well. */
export function codeOf(call: () => unknown): VaultErrorCode | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return codeOfError(error);
  }
}

/** The same for what ends later. */
export async function codeOfAsync(promise: Promise<unknown>): Promise<VaultErrorCode | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return codeOfError(error);
  }
}

function codeOfError(error: unknown): VaultErrorCode {
  if (error instanceof VaultError) return error.code;
  throw error;
}
