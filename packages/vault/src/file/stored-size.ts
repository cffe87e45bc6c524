import { VaultError } from '../errors.js';
import { vaultSizes } from '../limits.js';
import { streamPlainSize, streamSealedSize, streamSizes } from './age/stream.js';

/** Where the first chunk of every stored file begins. */
const payloadOffset = vaultSizes.fileHeader + streamSizes.nonce;

/**
 * @param contentSize - bytes of content
 * @returns bytes that the server stores for it
 */
export function storedFileSize(contentSize: number): number {
  return payloadOffset + streamSealedSize(contentSize + vaultSizes.signature);
}

/**
 * Finds a file's size from what the server says that it stores: each length belongs to one size of
 * content or to none, in every epoch. It is a claim until the file's last chunk was opened.
 *
 * @param storedSize - bytes that the server stores
 * @returns bytes of content
 * @throws VaultError `size-impossible` when no file has this stored length
 */
export function contentFileSize(storedSize: number): number {
  const contentSize = streamPlainSize(storedSize - payloadOffset) - vaultSizes.signature;
  if (!Number.isSafeInteger(contentSize) || contentSize < 0) {
    throw new VaultError(
      'size-impossible',
      'No vault file is that short: it was cut off or damaged where it is stored. Send the original again',
    );
  }
  return contentSize;
}

/**
 * @param chunk - the number of a chunk, from 0
 * @returns where it begins in the stored file
 */
export function chunkOffset(chunk: number): number {
  return payloadOffset + chunk * streamSizes.sealedChunk;
}
