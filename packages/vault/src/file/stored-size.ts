import { streamPlainSize, streamSealedSize, streamSizes } from './age/stream.js';
import { VaultFileError } from './errors.js';
import { fileHeaderSize } from './file-header.js';
import { fileSizes } from './sizes.js';

/**
 * @param contentSize - bytes of content
 * @param epoch - the epoch that the file is sealed for
 * @returns bytes that the server stores for it
 */
export function storedFileSize(contentSize: number, epoch: number): number {
  return payloadOffset(epoch) + streamSealedSize(contentSize + fileSizes.signature);
}

/**
 * Finds a file's size from what the server says that it stores. That is a claim until the file's
 * last chunk was opened.
 *
 * @param storedSize - bytes that the server stores
 * @param epoch - the file's epoch
 * @returns bytes of content
 * @throws VaultFileError `size-impossible` when no file of that epoch has this stored length
 */
export function contentFileSize(storedSize: number, epoch: number): number {
  const contentSize = streamPlainSize(storedSize - payloadOffset(epoch)) - fileSizes.signature;
  if (!Number.isSafeInteger(contentSize) || contentSize < 0) {
    throw new VaultFileError(
      'size-impossible',
      'No vault file is that short: it was cut off or damaged where it is stored. Send the original again',
    );
  }
  return contentSize;
}

function payloadOffset(epoch: number): number {
  return fileHeaderSize(epoch) + streamSizes.nonce;
}

/**
 * @param epoch - a file's epoch
 * @param chunk - the number of a chunk, from 0
 * @returns where it begins in the stored file
 */
export function chunkOffset(epoch: number, chunk: number): number {
  return payloadOffset(epoch) + chunk * streamSizes.sealedChunk;
}
