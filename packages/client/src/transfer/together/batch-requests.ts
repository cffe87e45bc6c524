import {
  limits,
  type BatchOutcome,
  type CommandArguments,
  type StoredFile,
} from '@e2eeftp/protocol';

import { abortedError, asClientError, ClientError, errorForStatus } from '../../errors.js';
import { followSignal } from '../../operation/follow-signal.js';
import type { KeyringOptions, OperationOptions } from '../../options.js';
import {
  checkResult,
  keyringArgument,
  type ConnectedReply,
  type Requests,
} from '../../requests.js';
import { otherStored } from '../other-stored.js';
import type { BatchItem } from './batch.js';

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
  readonly pace: (bytes: number, signal: AbortSignal | undefined) => Promise<void> | undefined;
}

/** Asks for several small files with one request. */
export class BatchRequests {
  readonly #requests: Requests;
  readonly #pace: SendingPace;

  /**
   * @param requests - asks the server, which knows MSEND and MGET
   * @param pace - how fast to send
   */
  constructor(requests: Requests, pace: SendingPace) {
    this.#requests = requests;
    this.#pace = pace;
  }

  /**
   * Sends files, which replace older ones.
   *
   * @param files - as many as one request may have
   * @param options - which keyring is in force, and a signal that ends the wait
   * @returns each as the server has it, or why it does not
   * @throws ClientError when the request fails as a whole
   */
  async send(
    files: readonly OutgoingFile[],
    options: KeyringOptions & Pick<OperationOptions, 'signal'>,
  ): Promise<(StoredFile | ClientError)[]> {
    const { signal } = options;
    const { longestPart, pace } = this.#pace;
    const args: CommandArguments<'MSEND'> = {
      files: files.map(({ path, size, mtime, mode }) => ({
        path,
        size,
        ...(mtime !== undefined && { mtime }),
        ...(mode !== undefined && { mode }),
      })),
      ...keyringArgument(options),
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
      return result instanceof ClientError || result.size === size ? result : otherStored(path);
    });
  }

  /**
   * Receives files.
   *
   * @param files - as many as one request may have
   * @param signal - ends the wait
   * @returns each of them, or why it is not there; nothing for one that is too large to come with others
   * @throws ClientError when the request fails as a whole
   */
  async receive(
    files: readonly BatchItem[],
    signal: AbortSignal | undefined,
  ): Promise<(IncomingFile | ClientError | undefined)[]> {
    const args: CommandArguments<'MGET'> = { paths: files.map(({ path }) => path) };
    const what = whatOf('get', files);
    const reply = await this.#requests.ask({ command: 'MGET', args, what, signal });
    try {
      const { files: outcomes } = checkResult('MGET', reply.response);
      const content = await bodyOf(reply, signal);
      let position = 0;
      const results = files.map(({ path }, index) => {
        const outcome = outcomes[index];
        if (outcome?.status === 413) return undefined;
        const file = resultOf(`Cannot get ${path}`, outcome);
        if (file instanceof ClientError) return file;
        return { file, content: content.subarray(position, (position += file.size)) };
      });
      if (position === content.length) return results;
      throw new ClientError('integrity', 'The server sent other sizes than it announced');
    } finally {
      reply.body?.drop();
      reply.release();
    }
  }
}

function whatOf(verb: string, files: readonly BatchItem[]): string {
  const [first] = files;
  const others = files.length - 1;
  return `Cannot ${verb} ${first?.path ?? ''}${others > 0 ? ` and ${others} other files` : ''}`;
}

function resultOf(what: string, outcome: BatchOutcome | undefined): StoredFile | ClientError {
  if (outcome && outcome.status < 400 && outcome.file) return outcome.file;
  if (outcome && outcome.status >= 400) {
    const { status, text = '' } = outcome;
    return errorForStatus(what, status, text);
  }
  return new ClientError('not-e2eeftp', `${what}: the server said nothing of it`);
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* together(files: readonly OutgoingFile[]): AsyncGenerator<Uint8Array, void, void> {
  yield Buffer.concat(files.map(({ content }) => content));
}

async function bodyOf({ body }: ConnectedReply, signal: AbortSignal | undefined): Promise<Buffer> {
  const all: Uint8Array[] = [];
  let size = 0;
  const unfollow = signal && followSignal(signal, () => body?.fail(abortedError(signal)));
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
    unfollow?.();
  }
}
