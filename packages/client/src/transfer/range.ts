import type { StoredFile } from '@e2eeftp/protocol';

import { abortedError, ClientError, throwIfAborted } from '../errors.js';
import type { RangeOptions } from '../options.js';
import { checkResult, type ConnectedReply } from '../requests.js';
import type { TransferContext } from './transfer-context.js';

/** What is worth receiving and throwing away, to keep a connection whose body nobody wants. */
const worthDraining = 1024 * 1024;

/** What the server is sending at once. */
interface Step {
  /** Bytes that the server announced. */
  readonly length: number;
  readonly reply: ConnectedReply;
}

/** A part of a file that the server is sending. */
export interface OpenRange {
  readonly file: StoredFile;
  /** Bytes of all steps. */
  readonly length: number;
  /** The step that is under way. */
  step: Step;
  /** Asks for the step behind so many bytes. */
  readonly next: (received: number) => Promise<Step>;
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
 * @param context - asks the server, not for too much at once: what comes slowly must not make it wait
 * @param path - which file
 * @param range - which part
 * @returns what comes, to be abandoned or received to its end
 * @throws ClientError
 */
export async function openRange(
  context: TransferContext,
  path: string,
  { offset = 0, length = Infinity, etag, signal }: RangeOptions,
): Promise<OpenRange> {
  const { longestRange: longest } = context;
  const first = { offset, length: Math.min(length, longest), etag, signal };
  const { file, ...step } = await ask(context, path, first);
  const whole = Math.min(length, file.size - offset);
  return {
    file,
    length: whole,
    step,
    next: (received) =>
      ask(context, path, {
        offset: offset + received,
        length: Math.min(whole - received, longest),
        etag: file.etag,
        signal,
      }),
  };
}

async function ask(
  { requests }: TransferContext,
  path: string,
  { offset, length, etag, signal }: RangeOptions & { offset: number; length: number },
): Promise<Step & { readonly file: StoredFile }> {
  const args = {
    path,
    offset,
    ...(length !== Infinity && { length }),
    ...(etag !== undefined && { etag }),
  };
  const request = { command: 'GET', args, what: `Cannot get ${path}`, signal };
  const reply = await requests.ask(request, 'transfer');
  try {
    const { offset: start, length: bytes, ...file } = checkResult('GET', reply.response);
    const isRight =
      start === offset &&
      bytes === Math.min(length, file.size - start) &&
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
  range: OpenRange,
  path: string,
  { signal, pace }: ReceiveOptions,
): AsyncGenerator<readonly Uint8Array[], void, void> {
  const abort = (): void => {
    if (signal) range.step.reply.body?.fail(abortedError(signal));
  };
  throwIfAborted(signal);
  signal?.addEventListener('abort', abort, { once: true });
  let transferred = 0;
  try {
    for (;;) {
      const end = transferred + range.step.length;
      for await (const parts of range.step.reply.body ?? []) {
        throwIfAborted(signal);
        const bytes = parts.reduce((sum, part) => sum + part.length, 0);
        transferred += bytes;
        if (transferred > end) break;
        await pace?.(bytes);
        yield parts;
      }
      if (transferred !== end) {
        const message = `${path}: the server sent another size than it announced`;
        throw new ClientError('integrity', message);
      }
      if (transferred === range.length) return;
      range.step.reply.release();
      range.step = await range.next(transferred);
    }
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/**
 * Frees what a range holds, and gets rid of a body that nobody wants. The protocol has no way to
 * stop one, so a long one is stopped by ending the connection, unless others still use it.
 *
 * @param range - what the server is sending, or has sent
 */
export function abandon({ step: { length, reply } }: OpenRange): void {
  const { body, connection } = reply;
  reply.release();
  if (!body || body.end) return;
  body.drop();
  if (length > worthDraining && connection.unanswered <= 1) {
    connection.destroy(new ClientError('closed', 'The rest of a download was not wanted'));
  }
}
