import { StoreError } from '../store-error.js';

/** @returns what a call fails with that comes after an upload's end */
export function ended(): StoreError {
  return new StoreError('io', 'The upload was committed, discarded or suspended before');
}

/** @returns what whoever writes or reads an upload hears when somebody else goes on with it */
export function takenOver(): StoreError {
  return new StoreError('conflict', 'Another connection goes on with this upload');
}
