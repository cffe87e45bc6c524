import { respondToHandshake, type ResponderOptions } from '@e2eeftp/crypto';

import type { CborValue } from '../cbor/value.js';
import { ProtocolError } from '../errors.js';
import {
  encodeResponse,
  encodeWelcome,
  parseRequest,
  type BodyEnd,
  type Close,
  type Request,
  type Welcome,
} from '../messages/messages.js';
import type { DataFrame } from './frame-reader.js';
import { SecureStream, type HandshakeEvent } from './secure-stream.js';

/** What a server's session tells about the bytes that it was fed. */
export type ServerEvent =
  | HandshakeEvent
  /** The next request; data and an end follow when it has a body. */
  | { readonly type: 'request'; readonly request: Request }
  | DataFrame
  | { readonly type: 'end'; readonly end: BodyEnd }
  /** The client asks for nothing more; pending answers are still owed to it. */
  | { readonly type: 'close'; readonly close: Close };

/** An answer, without the id, which is that of the oldest request without an answer. */
export interface ServerResponse {
  /** A status code. */
  readonly status: number;
  /** A fixed text for people. */
  readonly text: string;
  /** What programs read; `null` when there is nothing to say. */
  readonly result: CborValue;
  /** Whether data and an end follow the answer. */
  readonly body: boolean;
}

/**
 * The server's side of a connection without I/O: bytes in give events, calls give bytes out.
 *
 * Events come from a generator, so that whoever consumes them can wait between two of them: not
 * asking for the next event, and not reading the next bytes, is all the backpressure there is.
 * Fed any split of the same stream, it gives the same events. After an error it is dead, and the
 * connection must end without another byte.
 */
export class ServerSession {
  readonly #stream: SecureStream;
  /** Ids of the requests that wait for an answer, oldest first. */
  readonly #unanswered: number[] = [];
  #isWelcomed = false;

  /** @param options - who the server is */
  constructor(options: ResponderOptions) {
    this.#stream = new SecureStream(respondToHandshake(options));
    this.#stream.start();
  }

  /** Requests that wait for an answer. */
  get unanswered(): number {
    return this.#unanswered.length;
  }

  /**
   * Feeds the next bytes from the client. Take all events before feeding more.
   *
   * @param chunk - any part of the stream; not kept
   * @throws CryptoError or ProtocolError: the connection must end without a reply
   */
  *receive(chunk: Uint8Array): Generator<ServerEvent, void, void> {
    for (const event of this.#stream.receive(chunk)) {
      yield event.type === 'message' ? this.#message(event.plaintext) : event;
    }
  }

  /**
   * Says that the stream from the client has ended.
   *
   * @throws ProtocolError `truncated` unless the client had closed
   */
  finish(): void {
    this.#stream.finish();
  }

  /**
   * @param welcome - what the client needs to know
   * @returns the bytes to send first once the client was found to be authorized
   * @throws ProtocolError `misuse` when it was said before; nothing was sent then
   */
  welcome(welcome: Welcome): Uint8Array[] {
    const writer = this.#stream.writer;
    if (this.#isWelcomed) throw new ProtocolError('misuse', 'The client was welcomed before');
    const bytes = writer.message(encodeWelcome(welcome), false);
    this.#isWelcomed = true;
    return bytes;
  }

  /**
   * Answers the oldest request without an answer.
   *
   * @param response - the answer; together with the id it must fit into one record
   * @returns the bytes to send
   * @throws ProtocolError `misuse` when nothing was asked, the client was not yet welcomed, the
   *   body of an earlier answer is not ended, or the answer is too long; nothing was sent then
   */
  respond(response: ServerResponse): Uint8Array[] {
    const writer = this.#stream.writer;
    if (!this.#isWelcomed) throw new ProtocolError('misuse', 'Welcome the client first');
    const [id] = this.#unanswered;
    if (id === undefined) throw new ProtocolError('misuse', 'There is no request to answer');
    const { status, text, result, body } = response;
    const bytes = writer.message(encodeResponse({ id, status, text, result, body }), body);
    this.#unanswered.shift();
    return bytes;
  }

  /**
   * @param parts - the next bytes of the body of the last answer, at most 1,048,576 together
   * @returns the bytes to send
   */
  data(parts: readonly Uint8Array[]): Uint8Array[] {
    return this.#stream.writer.data(parts);
  }

  /**
   * @param end - how the body of the last answer ended
   * @returns the bytes to send
   */
  end(end: BodyEnd): Uint8Array[] {
    return this.#stream.writer.end(end);
  }

  /**
   * @param close - why the server ends the connection
   * @returns the bytes to send last
   */
  close(close: Close): Uint8Array[] {
    return this.#stream.close(close);
  }

  #message(plaintext: Uint8Array): ServerEvent {
    const request = parseRequest(plaintext);
    this.#unanswered.push(request.id);
    if (request.body) this.#stream.expectBody();
    return { type: 'request', request };
  }
}
