import type { Demand } from '../connection/connection-pool.js';

/**
 * Bytes from which on a transfer is noted before it begins, on both sides, so that even a later run can
 * go on with it. Notes are flushed to disks: less is moved again as quickly.
 */
export const worthResuming = 4 * 1024 * 1024;

/** Bytes up to which files share a connection, so that none waits for the answer to another. */
const small = 256 * 1024;

/**
 * @param size - bytes of a transfer, when known
 * @returns what a connection is wanted for
 */
export function demandOf(size: number | undefined): Demand {
  return size !== undefined && size <= small ? 'request' : 'transfer';
}
