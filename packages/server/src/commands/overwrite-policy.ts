import type { OverwritePolicy } from '../store/store.js';

/**
 * @param overwrite - the argument of SEND and RENAME: one of two words, or an etag
 * @returns what it means to a store
 */
export function overwritePolicy(overwrite: string): OverwritePolicy {
  return overwrite === 'always' || overwrite === 'never' ? overwrite : { etag: overwrite };
}
