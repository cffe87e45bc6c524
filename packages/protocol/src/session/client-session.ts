import { initiateHandshake, type InitiatorOptions } from '@e2eeftp/crypto';

import type { CborMap } from '../cbor/value.js';
import { ProtocolError } from '../errors.js';
import {
  encodeRequest,
  parseResponse,
  parseWelcome,
  type BodyEnd,
  type Close,
  type Response,
  type Welcome,
} from '../messages/messages.js';
import type { DataFrame } from './frame-reader.js';
import { SecureStream, type HandshakeEvent } from './secure-stream.js';

/** What a client's session tells about the bytes that it was fed. */
export type ClientEvent =
  | HandshakeEvent
  /** The server lets this client in. */
  | { readonly type: 'welcome'; readonly welcome: Welcome }
  /** The answer to the oldest request without one; data and an end follow when it has a body. */
  | { readonly type: 'response'; readonly response: Response }
  | DataFrame
  | { readonly type: 'end'; readonly end: BodyEnd }
  /** The server says no more. */
  | { readonly type: 'close'; readonly close: Close };

/** What a client asks for. */
export interface ClientRequest {
  /** The command's word. */
  readonly command: string;
  /** Its arguments. */
  readonly args: CborMap;
  /** Whether data and an end follow the request. */
  readonly body: boolean;
}

/**
 * The client's side of a connection without I/O: bytes in give events, calls give bytes out.
 *
 * Events come from a generator, so that whoever consumes them can wait between two of them: not
 * asking for the next event, and not reading the next bytes, is all the backpressure there is.
 * Fed any split of the same stream, it gives the same events. After an error it is dead, and the
 * connection must end without another byte.
 */
export class ClientSession {
  readonly #stream: SecureStream;
  #isWelcome = false;
  #lastId = 0;
  /** Ids of the requests that wait for an answer, oldest first. */
  readonly #unanswered: number[] = [];

  /** @param options - who the client is and which server it accepts */
  constructor(options: InitiatorOptions) {
    this.#stream = new SecureStream(initiateHandshake(options));
  }

  /** @returns the bytes that begin the connection */
  start(): Uint8Array {
    return this.#stream.start();
  }

  /** Requests that wait for an answer. */
  get unanswered(): number {
    return this.#unanswered.length;
  }

  /**
   * Feeds the next bytes from the server. Take all events before feeding more.
   *
   * @param chunk - any part of the stream; not kept
   * @throws CryptoError or ProtocolError: the connection must end
   */
  *receive(chunk: Uint8Array): Generator<ClientEvent, void, void> {
    for (const event of this.#stream.receive(chunk)) {
      yield event.type === 'message' ? this.#message(event.plaintext) : event;
    }
  }

  /**
   * Says that the stream from the server has ended.
   *
   * @throws ProtocolError `truncated` unless the server had closed
   */
  finish(): void {
    this.#stream.finish();
  }

  /**
   * @param request - what to ask for; may be sent before earlier requests are answered
   * @returns the bytes to send
   * @throws ProtocolError `misuse` when an earlier request's body is not ended, the arguments
   *   are too long, or the session is not established
   */
  request(request: ClientRequest): Uint8Array[] {
    const writer = this.#stream.writer;
    const { command, args, body } = request;
    const id = this.#lastId + 1;
    const bytes = writer.message(encodeRequest({ id, command, args, body }), body);
    this.#lastId = id;
    this.#unanswered.push(id);
    return bytes;
  }

  /**
   * @param parts - the next bytes of the body of the last request, at most 1,048,576 together
   * @returns the bytes to send
   */
  data(parts: readonly Uint8Array[]): Uint8Array[] {
    return this.#stream.writer.data(parts);
  }

  /**
   * @param end - how the body of the last request ended
   * @returns the bytes to send
   */
  end(end: BodyEnd): Uint8Array[] {
    return this.#stream.writer.end(end);
  }

  /**
   * @returns the bytes that say that this client sends no more; answers under way still come
   */
  close(): Uint8Array[] {
    return this.#stream.close({ status: 200, text: '' });
  }

  #message(plaintext: Uint8Array): ClientEvent {
    if (!this.#isWelcome) {
      this.#isWelcome = true;
      return { type: 'welcome', welcome: parseWelcome(plaintext) };
    }
    const response = parseResponse(plaintext);
    if (response.id !== this.#unanswered.shift()) {
      throw new ProtocolError('malformed', 'The server answered something that was not asked');
    }
    if (response.body) this.#stream.expectBody();
    return { type: 'response', response };
  }
}
