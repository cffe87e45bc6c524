import {
  limits,
  type BatchOutcome,
  type CommandArguments,
  type StoredFile,
} from '@e2eeftp/protocol';

import { abortedError, asClientError, ClientError, errorForStatus } from '../errors.js';
import { checkResult, type ConnectedReply, type Requests } from '../requests.js';
import { Batches, type BatchItem } from './batches.js';

/** A small file that is to be sent. */
export interface OutgoingFile extends BatchItem {
  readonly mtime?: number | undefined;
  readonly mode?: number | undefined;
  readonly content: Uint8Array;
}

/** A small file that was received. */
export interface IncomingFile {
  readonly file: StoredFile;
  readonly content: Uint8Array;
}

/** How bodies of several files are sent. */
export interface SendingPace {
  /** Bytes that are sent at once. */
  readonly longestPart: number;
  /** Waits until so many bytes may be sent. */
  readonly pace: (bytes: number, signal: AbortSignal) => Promise<void> | undefined;
}

/** Sends and receives small files, several with each request. */
export class SmallTransfers {
  readonly #requests: Requests;
  readonly #pace: SendingPace;
  readonly #sending: Batches<OutgoingFile, StoredFile>;
  readonly #receiving: Batches<BatchItem, IncomingFile | undefined>;

  /**
   * @param requests - asks the server, which knows MSEND and MGET
   * @param pace - how fast to send
   */
  constructor(requests: Requests, pace: SendingPace) {
    this.#requests = requests;
    this.#pace = pace;
    this.#sending = new Batches((files, signal) => this.#send(files, signal));
    this.#receiving = new Batches((files, signal) => this.#receive(files, signal));
  }

  /**
   * Sends a file, which replaces an older one.
   *
   * @param file - the file
   * @param signal - ends the wait
   * @returns the file as the server has it
   * @throws ClientError
   */
  send(file: OutgoingFile, signal: AbortSignal | undefined): Promise<StoredFile> {
    return this.#sending.add(file, signal);
  }

  /**
   * Receives a file.
   *
   * @param file - which, and how large it probably is
   * @param signal - ends the wait
   * @returns the file; nothing when it is too large to come with others
   * @throws ClientError
   */
  receive(file: BatchItem, signal: AbortSignal | undefined): Promise<IncomingFile | undefined> {
    return this.#receiving.add(file, signal);
  }

  async #send(
    files: readonly OutgoingFile[],
    signal: AbortSignal,
  ): Promise<PromiseSettledResult<StoredFile>[]> {
    const { longestPart, pace } = this.#pace;
    const args: CommandArguments<'MSEND'> = {
      files: files.map(({ path, size, mtime, mode }) => ({
        path,
        size,
        ...(mtime !== undefined && { mtime }),
        ...(mode !== undefined && { mode }),
      })),
    };
    const response = await this.#requests.upload(
      { command: 'MSEND', args, what: whatOf('send to', files), signal },
      {
        chunks: together(files),
        longestPart,
        pace: (bytes) => pace(bytes, signal),
      },
      'request',
    );
    const { files: outcomes } = checkResult('MSEND', response);
    return files.map(({ path, size }, index) => {
      const result = resultOf(`Cannot send to ${path}`, outcomes[index]);
      if (result.status === 'rejected' || result.value.size === size) return result;
      return { status: 'rejected', reason: otherStored(path) };
    });
  }

  async #receive(
    files: readonly BatchItem[],
    signal: AbortSignal,
  ): Promise<PromiseSettledResult<IncomingFile | undefined>[]> {
    const args: CommandArguments<'MGET'> = { paths: files.map(({ path }) => path) };
    const what = whatOf('get', files);
    const reply = await this.#requests.ask({ command: 'MGET', args, what, signal });
    try {
      const { files: outcomes } = checkResult('MGET', reply.response);
      const content = await bodyOf(reply, signal);
      let position = 0;
      const results = files.map(
        ({ path }, index): PromiseSettledResult<IncomingFile | undefined> => {
          const outcome = outcomes[index];
          if (outcome?.status === 413) return { status: 'fulfilled', value: undefined };
          const result = resultOf(`Cannot get ${path}`, outcome);
          if (result.status === 'rejected') return result;
          const file = result.value;
          const bytes = content.subarray(position, (position += file.size));
          return { status: 'fulfilled', value: { file, content: bytes } };
        },
      );
      if (position === content.length) return results;
      throw new ClientError('integrity', 'The server sent other sizes than it announced');
    } finally {
      reply.body?.drop();
      reply.release();
    }
  }
}

/**
 * @param path - what was sent
 * @returns what to say when the server has something else
 */
export function otherStored(path: string): ClientError {
  const message = `${path}: the server stored something else than was sent`;
  return new ClientError('integrity', message);
}

function whatOf(verb: string, files: readonly BatchItem[]): string {
  const [first] = files;
  const others = files.length - 1;
  return `Cannot ${verb} ${first?.path ?? ''}${others > 0 ? ` and ${others} other files` : ''}`;
}

function resultOf(
  what: string,
  outcome: BatchOutcome | undefined,
): PromiseSettledResult<StoredFile> {
  if (outcome && outcome.status < 400 && outcome.file) {
    return { status: 'fulfilled', value: outcome.file };
  }
  if (outcome && outcome.status >= 400) {
    const { status, text = '' } = outcome;
    return { status: 'rejected', reason: errorForStatus(what, status, text) };
  }
  const message = `${what}: the server said nothing of it`;
  return { status: 'rejected', reason: new ClientError('not-e2eeftp', message) };
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* together(files: readonly OutgoingFile[]): AsyncGenerator<Uint8Array, void, void> {
  yield Buffer.concat(files.map(({ content }) => content));
}

async function bodyOf({ body }: ConnectedReply, signal: AbortSignal): Promise<Buffer> {
  const all: Uint8Array[] = [];
  let size = 0;
  const giveUp = (): void => body?.fail(abortedError(signal));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    for await (const parts of body ?? []) {
      for (const part of parts) size += part.length;
      if (size > limits.batchSize) {
        throw new ClientError(
          'not-e2eeftp',
          'The server sent more than files have that are asked for together',
        );
      }
      all.push(...parts);
    }
    return Buffer.concat(all, size);
  } catch (error) {
    throw asClientError(error);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
