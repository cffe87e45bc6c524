import { initiateHandshake, type Handshake, type InitiatorOptions } from '@e2eeftp/crypto';

import type { CborMap } from '../codec.js';
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
import { notEstablished, type HandshakeFacts } from './established.js';
import { FrameReader, type DataFrame, type Frame } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';

/** What a client's session tells about the bytes that it was fed. */
export type ClientEvent =
  /** Handshake bytes that must be sent. */
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  /** The handshake is finished; whether the server knows this client is not yet said. */
  | { readonly type: 'established'; readonly facts: HandshakeFacts }
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
  readonly #handshake: Handshake;
  #reader: FrameReader | undefined;
  #writer: FrameWriter | undefined;
  #isWelcome = false;
  #lastId = 0;
  /** Ids of the requests that wait for an answer, oldest first. */
  readonly #unanswered: number[] = [];

  /** @param options - who the client is and which server it accepts */
  constructor(options: InitiatorOptions) {
    this.#handshake = initiateHandshake(options);
  }

  /** @returns the bytes that begin the connection */
  start(): Uint8Array {
    return this.#handshake.start();
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
    let rest = chunk;
    if (!this.#reader) {
      const progress = this.#handshake.receive(chunk);
      if (progress.send.length > 0) yield { type: 'send', bytes: progress.send };
      if (!progress.established) return;
      const { sealer, opener, peerIdentity, suite, channelBinding } = progress.established;
      this.#reader = new FrameReader(opener);
      this.#writer = new FrameWriter(sealer);
      yield { type: 'established', facts: { peerIdentity, suite, channelBinding } };
      rest = progress.rest;
    }
    for (const frame of this.#reader.receive(rest)) yield this.#event(this.#reader, frame);
  }

  /**
   * Says that the stream from the server has ended.
   *
   * @throws ProtocolError `truncated` unless the server had closed
   */
  finish(): void {
    if (this.#reader) return this.#reader.finish();
    throw new ProtocolError('truncated', 'The server ended the connection during the handshake');
  }

  /**
   * @param request - what to ask for; may be sent before earlier requests are answered
   * @returns the bytes to send
   * @throws ProtocolError `misuse` when an earlier request's body is not ended, the arguments
   *   are too long, or the session is not established
   */
  request(request: ClientRequest): Uint8Array[] {
    const writer = this.#established();
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
    return this.#established().data(parts);
  }

  /**
   * @param end - how the body of the last request ended
   * @returns the bytes to send
   */
  end(end: BodyEnd): Uint8Array[] {
    return this.#established().end(end);
  }

  /**
   * @returns the bytes that say that this client sends no more; answers under way still come
   */
  close(): Uint8Array[] {
    return this.#writer?.close({ status: 200, text: '' }) ?? [];
  }

  #established(): FrameWriter {
    if (!this.#writer) throw notEstablished();
    return this.#writer;
  }

  #event(reader: FrameReader, frame: Frame): ClientEvent {
    if (frame.type !== 'message') return frame;
    if (!this.#isWelcome) {
      this.#isWelcome = true;
      return { type: 'welcome', welcome: parseWelcome(frame.plaintext) };
    }
    const response = parseResponse(frame.plaintext);
    if (response.id !== this.#unanswered.shift()) {
      throw new ProtocolError('malformed', 'The server answered something that was not asked');
    }
    if (response.body) reader.expectBody();
    return { type: 'response', response };
  }
}
