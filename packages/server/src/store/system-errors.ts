import { StoreError, type StoreErrorCode } from './store-error.js';

const systemCodes: ReadonlyMap<string, StoreErrorCode> = new Map([
  ['ENOENT', 'not-found'],
  ['ENOTDIR', 'not-found'],
  // A symbolic link where none is followed, and a socket or FIFO where a file was to be opened.
  ['ELOOP', 'not-found'],
  ['ENXIO', 'not-found'],
  ['EEXIST', 'conflict'],
  ['EISDIR', 'conflict'],
  ['ENOTEMPTY', 'conflict'],
  ['ENAMETOOLONG', 'too-large'],
  ['EFBIG', 'too-large'],
  ['ENOSPC', 'no-space'],
  ['EDQUOT', 'no-space'],
  ['EMFILE', 'busy'],
  ['ENFILE', 'busy'],
]);

/**
 * Turns an error of the operating system into a store's.
 *
 * @param what - what was tried, as the start of a sentence
 * @param cause - what came back
 * @returns the cause itself when it is a store's already
 */
export function asStoreError(what: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const systemCode = systemCodeOf(cause);
  const code = systemCodes.get(systemCode) ?? 'io';
  return new StoreError(code, `${what}: ${reasonOf(systemCode, cause)}`, { cause });
}

/**
 * @param error - what was caught
 * @returns whether it is a store's, with this code
 */
export function isStoreError(error: unknown, code: StoreErrorCode): boolean {
  return error instanceof StoreError && error.code === code;
}

/**
 * @param call - something that may find nothing
 * @returns what it found, or nothing
 * @throws what the call throws but for `not-found`
 */
export async function unlessMissing<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isStoreError(error, 'not-found')) return undefined;
    throw error;
  }
}

/**
 * @param error - what was caught
 * @returns the operating system's code, such as `ENOENT`; empty when there is none
 */
export function systemCodeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** The system's message names paths as they are, so only its code goes into ours. */
function reasonOf(systemCode: string, cause: unknown): string {
  if (systemCode !== '') return systemCode;
  return cause instanceof Error ? cause.message : 'for an unknown reason';
}
