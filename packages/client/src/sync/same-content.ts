import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

import { equalBytes } from '@e2eeftp/crypto';
import { readChunks } from '@e2eeftp/file-io';

import type { Client } from '../client.js';
import { ClientError, throwIfAborted } from '../errors.js';

/**
 * Compares a local file with one on the server, which reads its own: no content moves.
 *
 * @param client - asks the server
 * @param local - a local path
 * @param remote - a path in the server's tree
 * @param signal - ends the comparison
 * @returns whether both have the same bytes; no when one of them changes meanwhile
 * @throws ClientError
 */
export async function hasSameContent(
  client: Client,
  local: string,
  remote: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const file = await open(local, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size } = await file.stat();
    let offset = 0;
    let etag: string | undefined;
    do {
      const part = await client.digest(remote, { offset, etag, signal });
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
