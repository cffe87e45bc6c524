import { createHash } from 'node:crypto';

import { equalBytes } from '@e2eeftp/crypto';
import type { StoredFile } from '@e2eeftp/protocol';

import { asClientError, ClientError } from '../errors.js';
import type { SendOptions } from '../options.js';
import { checkResult, type Requests } from '../requests.js';
import { openSource, type UploadSource } from './source.js';

/**
 * Sends one file.
 *
 * @param requests - asks the server
 * @param source - what to send
 * @param path - where to, checked
 * @param options - how
 * @returns the file as the server has it
 * @throws ClientError
 */
export async function upload(
  requests: Requests,
  source: UploadSource,
  path: string,
  options: SendOptions,
): Promise<StoredFile> {
  const { onProgress, overwrite = 'always', checksum = false, signal } = options;
  const opened = await openSource(source).catch((error: unknown) => {
    throw asClientError(error);
  });
  try {
    const size = options.size ?? opened.size;
    const mtime = options.mtime ?? opened.mtime;
    const hash = checksum ? createHash('sha256') : undefined;
    let sent = 0;
    let digest: Uint8Array | undefined;
    const args = {
      path,
      overwrite: typeof overwrite === 'string' ? overwrite : overwrite.etag,
      ...(size !== undefined && { size }),
      ...(mtime !== undefined && { mtime }),
    };
    const response = await requests.upload(
      { command: 'SEND', args, what: `Cannot send to ${path}`, signal },
      {
        chunks: hash ? hashed(opened.chunks, hash) : opened.chunks,
        close: () => opened.close(),
        onProgress: (transferred) => {
          sent = transferred;
          onProgress?.({ transferred, total: size });
        },
        sha256: hash && (() => (digest = hash.digest())),
      },
    );
    const { size: stored, mtime: storedMtime, etag, sha256 } = checkResult('SEND', response);
    if (stored !== sent || (digest && !(sha256 && equalBytes(digest, sha256)))) {
      throw new ClientError('integrity', `${path}: the server stored something else than was sent`);
    }
    return { size: stored, mtime: storedMtime, etag };
  } finally {
    await opened.close();
  }
}

async function* hashed(
  chunks: AsyncIterable<Uint8Array>,
  hash: { update(chunk: Uint8Array): unknown },
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}
