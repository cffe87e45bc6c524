import type { StoredFile } from '@e2eeftp/protocol';

import { ClientError, throwIfAborted } from '../errors.js';
import type { RangeOptions } from '../options.js';
import { checkResult, type ConnectedReply, type Requests } from '../requests.js';

/** What is worth receiving and throwing away, to keep a connection whose body nobody wants. */
const worthDraining = 1024 * 1024;

/** A part of a file that the server is sending. */
export interface OpenRange {
  readonly file: StoredFile;
  /** Bytes that the server announced. */
  readonly length: number;
  readonly reply: ConnectedReply;
}

/** How a range is received. */
export interface ReceiveOptions {
  readonly signal?: AbortSignal | undefined;
  /** Waits until so many bytes may come. */
  readonly pace?: ((bytes: number) => Promise<void> | undefined) | undefined;
}

/**
 * Asks for a part of a file.
 *
 * @param requests - asks the server
 * @param path - which file
 * @param range - which part
 * @returns what comes, to be abandoned or received to its end
 * @throws ClientError
 */
export async function openRange(
  requests: Requests,
  path: string,
  { offset, length, etag, signal }: RangeOptions,
): Promise<OpenRange> {
  const args = {
    path,
    ...(offset !== undefined && { offset }),
    ...(length !== undefined && { length }),
    ...(etag !== undefined && { etag }),
  };
  const request = { command: 'GET', args, what: `Cannot get ${path}`, signal };
  const reply = await requests.ask(request, 'transfer');
  try {
    const { offset: start, length: bytes, ...file } = checkResult('GET', reply.response);
    const isRight =
      start === (offset ?? 0) &&
      bytes === Math.min(length ?? Infinity, file.size - start) &&
      (etag === undefined || etag === file.etag);
    if (!reply.body || !isRight) {
      throw new ClientError('not-e2eeftp', 'The server answered GET with something else');
    }
    return { file, length: bytes, reply };
  } catch (error) {
    reply.body?.drop();
    reply.release();
    throw error;
  }
}

/**
 * Receives a part of a file.
 *
 * @param range - what the server is sending
 * @param path - which file, for messages
 * @param options - how fast, and a signal
 * @returns the bytes; it throws unless they are as many as were announced
 * @throws ClientError
 */
export async function* received(
  { length, reply }: OpenRange,
  path: string,
  { signal, pace }: ReceiveOptions,
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
      const bytes = parts.reduce((sum, part) => sum + part.length, 0);
      transferred += bytes;
      if (transferred > length) break;
      await pace?.(bytes);
      yield parts;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  if (transferred !== length) {
    throw new ClientError('integrity', `${path}: the server sent another size than it announced`);
  }
}

/**
 * Frees what a range holds, and gets rid of a body that nobody wants. The protocol has no way to
 * stop one, so a long one is stopped by ending the connection, unless others still use it.
 *
 * @param range - what the server is sending, or has sent
 */
export function abandon({ length, reply }: OpenRange): void {
  const { body, connection } = reply;
  reply.release();
  if (!body || body.end) return;
  body.drop();
  if (length > worthDraining && connection.unanswered <= 1) {
    connection.destroy(new ClientError('closed', 'The rest of a download was not wanted'));
  }
}
