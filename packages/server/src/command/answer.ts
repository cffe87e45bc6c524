import { ProtocolError, statusTexts, type CborValue, type Status } from '@e2eeftp/protocol';

import { StoreError, type StoreErrorCode } from '../store/store-error.js';

/** Bytes that follow an answer. */
export interface AnswerBody {
  /**
   * How many bytes there are. Clients of the first generation can have a body only when this is
   * known before.
   */
  readonly size?: number;
  /** The bytes; each chunk is used up before the next is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Frees what the body holds; called once, also when nobody asked for a chunk. */
  close(): Promise<void>;
}

/**
 * @param chunk - what a body gave; its maker need not be TypeScript
 * @returns the same
 * @throws TypeError when it is something else than bytes
 */
export function asBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError('A body consists of Uint8Arrays');
}

/** Files that a command has moved. */
export interface Transferred {
  /** To the server or from it. */
  readonly direction: 'up' | 'down';
  readonly files: number;
}

/** What a command says to its client. */
export interface Answer {
  /** One of the protocol's codes, or another of three digits where none fits. */
  readonly status: number;
  /** For people; by default the fixed text of the status. */
  readonly text?: string;
  /** For programs. */
  readonly result?: CborValue;
  /** Bytes that follow. */
  readonly body?: AnswerBody;
  /** Files that moved, in whole or in part, for who counts them; the client does not hear of it. */
  readonly transferred?: Transferred;
}

/**
 * An answer that a command gives by throwing: the client did something that it must hear of.
 */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  /** The status that the client gets. */
  readonly status: number;

  /**
   * @param status - one of the protocol's codes, or another of three digits where none fits
   * @param text - a fixed text that the client may see; by default that of the status
   * @param options - the `cause`, which the client does not see
   */
  constructor(status: number, text: string = textOf(status), options?: ErrorOptions) {
    super(text, options);
    this.status = status;
  }
}

/**
 * A command in a server's table that cannot do anything.
 */
export class MissingHandlerError extends Error {
  override readonly name: string = 'MissingHandlerError';

  /** @param command - its word */
  constructor(command: string) {
    super(`The command ${command} has no handler; give its definition one`);
  }
}

const storeStatuses: Readonly<Record<StoreErrorCode, Status>> = {
  'not-found': 404,
  conflict: 409,
  'not-allowed': 403,
  malformed: 400,
  'bad-range': 416,
  'too-large': 413,
  'no-space': 507,
  'directory-full': 507,
  busy: 429,
  io: 500,
};

/**
 * Turns what a handler threw into the answer that its client gets: a status and a fixed text,
 * nothing of what happened inside.
 *
 * @param error - what was thrown
 * @returns the answer
 */
export function answerForError(error: unknown): Answer {
  if (error instanceof CommandError) return { status: error.status, text: error.message };
  if (error instanceof ProtocolError && error.code === 'incomplete') return { status: 400 };
  if (error instanceof StoreError) return answerForStore(error.code);
  return { status: 500 };
}

/** The one that can do something about a full folder is the client, who has to know which it is. */
function answerForStore(code: StoreErrorCode): Answer {
  const answer = { status: storeStatuses[code] };
  return code === 'directory-full' ? { ...answer, text: 'The directory is full' } : answer;
}

/**
 * @param status - a status code
 * @returns its fixed text, or an empty one for a code that the protocol does not define
 */
export function textOf(status: number): string {
  return status in statusTexts ? statusTexts[status as Status] : '';
}
