import { vaultSizes } from '@e2eeftp/vault';

import { headSize } from './file-place.js';

/** Bytes of a chunk on the server, and of its tag. */
const sealedChunk = 65_552;
const tag = 16;

/**
 * @param stored - bytes of a stored file from its beginning
 * @param size - bytes of its content, when known
 * @returns how many bytes of content are in them
 */
export function contentIn(stored: number, size = Infinity): number {
  const payload = Math.max(0, stored - headSize);
  const chunks = Math.ceil(payload / sealedChunk);
  const plain = Math.max(0, payload - chunks * tag);
  return size === Infinity ? Math.max(0, plain - vaultSizes.signature) : Math.min(plain, size);
}
