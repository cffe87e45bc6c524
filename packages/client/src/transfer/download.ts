import type { StoredFile } from '@e2eeftp/protocol';

import { asClientError, ClientError, rethrowAsLocal, throwIfAborted } from '../errors.js';
import type { GetOptions, RangeOptions } from '../options.js';
import { checkResult, type ConnectedReply, type Requests } from '../requests.js';
import { openTarget, type DownloadTarget } from './target.js';

/** What is worth receiving and throwing away, to keep a connection whose body nobody wants. */
const worthDraining = 1024 * 1024;

interface OpenDownload {
  readonly file: StoredFile;
  /** Bytes that the server announced. */
  readonly length: number;
  readonly reply: ConnectedReply;
}

/**
 * Receives one file.
 *
 * @param requests - asks the server
 * @param path - what, checked
 * @param target - where to
 * @param options - how
 * @returns the file as the server has it
 * @throws ClientError
 */
export async function download(
  requests: Requests,
  path: string,
  target: DownloadTarget,
  options: GetOptions,
): Promise<StoredFile> {
  const { overwrite = 'always', preserveTime = false } = options;
  const opened = await begin(requests, path, options);
  try {
    const output = await openTarget(target, overwrite, options.signal);
    try {
      for await (const parts of received(opened, path, options)) {
        await output.write(parts).catch(rethrowAsLocal);
      }
      await output.commit(preserveTime ? opened.file.mtime : undefined).catch(rethrowAsLocal);
    } finally {
      await output.close();
    }
  } catch (error) {
    abandon(opened);
    throw asClientError(error);
  }
  return opened.file;
}

/**
 * Reads one file, or a part of it.
 *
 * @param requests - asks the server
 * @param path - what, checked
 * @param options - which part
 * @returns the bytes
 * @throws ClientError
 */
export async function* readRange(
  requests: Requests,
  path: string,
  options: RangeOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const opened = await begin(requests, path, options);
  try {
    for await (const parts of received(opened, path, options)) yield* parts;
  } catch (error) {
    throw asClientError(error);
  } finally {
    abandon(opened);
  }
}

async function begin(
  requests: Requests,
  path: string,
  { offset, length, etag, signal }: RangeOptions,
): Promise<OpenDownload> {
  const args = {
    path,
    ...(offset !== undefined && { offset }),
    ...(length !== undefined && { length }),
    ...(etag !== undefined && { etag }),
  };
  const reply = await requests.ask({ command: 'GET', args, what: `Cannot get ${path}`, signal });
  try {
    const { size, mtime, etag: current, ...part } = checkResult('GET', reply.response);
    const isRight =
      part.offset === (offset ?? 0) &&
      part.length === Math.min(length ?? Infinity, size - part.offset) &&
      (etag === undefined || etag === current);
    if (!reply.body || !isRight) {
      throw new ClientError('not-e2eeftp', 'The server answered GET with something else');
    }
    return { file: { size, mtime, etag: current }, length: part.length, reply };
  } catch (error) {
    reply.body?.drop();
    throw error;
  }
}

/** Gives the bytes, and throws unless they are as many as were announced. */
async function* received(
  { length, reply }: OpenDownload,
  path: string,
  { signal, onProgress }: RangeOptions,
): AsyncGenerator<readonly Uint8Array[], void, void> {
  const body = reply.body;
  if (!body) return;
  const abort = (): void => {
    body.fail(new ClientError('aborted', 'The download was cancelled'));
  };
  throwIfAborted(signal);
  signal?.addEventListener('abort', abort, { once: true });
  let transferred = 0;
  try {
    for await (const parts of body) {
      throwIfAborted(signal);
      for (const part of parts) transferred += part.length;
      if (transferred > length) break;
      yield parts;
      onProgress?.({ transferred, total: length });
    }
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  if (transferred !== length) {
    throw new ClientError('integrity', `${path}: the server sent another size than it announced`);
  }
}

/**
 * Gets rid of a body that nobody wants. The protocol has no way to stop one, so a long one is
 * stopped by ending the connection, unless others still use it.
 */
function abandon({ length, reply }: OpenDownload): void {
  const { body, connection } = reply;
  if (!body || body.end) return;
  body.drop();
  if (length > worthDraining && connection.unanswered <= 1) {
    connection.destroy(new ClientError('closed', 'The rest of a download was not wanted'));
  }
}
