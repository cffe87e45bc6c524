import { StoreError } from '../store-error.js';

/** @returns what a call fails with that comes after an upload's end */
export function ended(): StoreError {
  return new StoreError('io', 'The upload was committed, discarded or suspended before');
}

/**
 * Keeps a file from its place that was given up, and has perhaps been sent again since: it could
 * come late, and replace what has come behind it.
 *
 * @param signal - says that nobody waits for the file any more
 * @throws StoreError when it has said so
 */
export function requireWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new StoreError('io', 'Nobody waits for the upload any more');
  }
}

/** @returns what whoever writes or reads an upload hears when somebody else goes on with it */
export function takenOver(): StoreError {
  return new StoreError('conflict', 'Another connection goes on with this upload');
}
