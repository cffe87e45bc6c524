import type { Refusal } from './admission/admission.js';
import type { AuthorizedClient } from './authorization/authorizer.js';
import type { Transferred } from './command/answer.js';

/** How a handshake ended: the client was let in, or was refused or did not get so far. */
export type HandshakeOutcome = 'established' | 'failed';

/** A request that was answered. */
export interface AnsweredCommand {
  /** The command's word, or `unknown` for one that the server does not have. */
  readonly command: string;
  readonly status: number;
  /** From the request to the end of the answer. */
  readonly milliseconds: number;
  /** Bytes of the request's body. */
  readonly received: number;
  /** Bytes of the answer's body. */
  readonly sent: number;
  /** Which generation of the protocol the client speaks. */
  readonly generation: 1 | 2;
  /** Files that moved, in whole or in part. */
  readonly transferred?: Transferred | undefined;
}

/** A file that a client has stored. */
export interface StoredUpload {
  /** Where it is in the server's tree, whatever the client calls it. */
  readonly path: string;
  /** Its bytes. */
  readonly size: number;
  /** Who has sent it. */
  readonly client: AuthorizedClient;
}

/**
 * Hears what a server does, for metrics and for what is to follow an upload. Its methods are called
 * in the middle of the work: they return at once, and do not throw.
 */
export interface ServerObserver {
  /** A connection was taken. */
  connectionOpened?(): void;
  /** A connection that was taken has ended. */
  connectionClosed?(): void;
  /** @param refusal - why a connection was not taken */
  connectionRefused?(refusal: Refusal): void;
  /**
   * @param outcome - how a handshake ended
   * @param milliseconds - how long it took
   */
  handshakeEnded?(outcome: HandshakeOutcome, milliseconds: number): void;
  /** @param facts - a request that was answered */
  commandAnswered?(facts: AnsweredCommand): void;
  /** @param facts - a file that was stored */
  fileStored?(facts: StoredUpload): void;
}
