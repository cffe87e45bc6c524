import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

import { equalBytes } from '@e2eeftp/crypto';
import { readChunks } from '@e2eeftp/file-io';
import type { CommandResult } from '@e2eeftp/protocol';

import { ClientError, throwIfAborted } from '../errors.js';
import type { OperationOptions, RangeOptions } from '../options.js';
import type { TransferContext } from './transfer-context.js';

/**
 * Compares a local file with one on the server, which reads its own: no content moves.
 *
 * @param local - a local path
 * @param askDigest - asks the server for the digest of its file from a byte on
 * @param options - a signal that ends the comparison
 * @returns whether both have the same bytes; no when one of them changes meanwhile
 * @throws ClientError
 */
export async function hasSameContent(
  local: string,
  askDigest: (range: Pick<RangeOptions, 'offset' | 'etag'>) => Promise<CommandResult<'DIGEST'>>,
  { signal }: Pick<OperationOptions, 'signal'>,
): Promise<boolean> {
  const file = await open(local, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size } = await file.stat();
    let offset = 0;
    let etag: string | undefined;
    do {
      const part = await askDigest({ offset, etag });
      if (part.size !== size) return false;
      if (part.offset !== offset || (part.length === 0 && offset < size)) {
        throw new ClientError('not-e2eeftp', 'The server answered DIGEST with something else');
      }
      const own = await digestOf(file, offset, part.length, signal);
      if (!own || !equalBytes(own, part.sha256)) return false;
      etag = part.etag;
      offset += part.length;
    } while (offset < size);
    return true;
  } catch (error) {
    if (error instanceof ClientError && error.code === 'conflict') return false;
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * @param context - knows what the server can do
 * @throws ClientError `bad-request` when it cannot compare content
 */
export function requireDigests({ tellsDigests }: Pick<TransferContext, 'tellsDigests'>): void {
  if (tellsDigests) return;
  throw new ClientError(
    'bad-request',
    'The server cannot tell digests of files; compare by size and time instead (without --checksum)',
  );
}

/** Nothing when the file has become shorter. */
async function digestOf(
  file: FileHandle,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const hash = createHash('sha256');
  let left = length;
  for await (const chunk of readChunks(file, offset, length)) {
    throwIfAborted(signal);
    hash.update(chunk);
    left -= chunk.length;
  }
  return left === 0 ? hash.digest() : undefined;
}
