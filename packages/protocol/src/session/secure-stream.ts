import type { Established, Handshake } from '@e2eeftp/crypto';

import { ProtocolError } from '../errors.js';
import type { Close } from '../messages/messages.js';
import { FrameReader, type Frame } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';

/** What the handshake settled, for logs and for those who ask. */
export interface HandshakeFacts {
  /** The identity that the peer proved, 32 bytes. */
  readonly peerIdentity: Uint8Array;
  /** The cipher suite: 1 is AES-256-GCM, 2 is ChaCha20-Poly1305. */
  readonly suite: Established['suite'];
  /** A value that only this connection's two ends know, 32 bytes. */
  readonly channelBinding: Uint8Array;
}

/** What the handshake gives while it runs, the same to both roles. */
export type HandshakeEvent =
  /** Handshake bytes that must be sent. */
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  /** The handshake is finished; whether the server lets the client in is not yet said. */
  | { readonly type: 'established'; readonly facts: HandshakeFacts };

/**
 * A connection from its first byte: the handshake, and then frames in both directions. What the
 * messages among them mean is the business of the two roles' sessions.
 */
export class SecureStream {
  readonly #handshake: Handshake;
  #reader: FrameReader | undefined;
  #writer: FrameWriter | undefined;

  /** @param handshake - this side's part of the handshake */
  constructor(handshake: Handshake) {
    this.#handshake = handshake;
  }

  /**
   * What makes this side's frames.
   *
   * @throws ProtocolError `misuse` before the handshake is finished
   */
  get writer(): FrameWriter {
    if (this.#writer) return this.#writer;
    throw new ProtocolError('misuse', 'The session is not established');
  }

  /** @returns the bytes that begin the handshake, none for the side that waits */
  start(): Uint8Array {
    return this.#handshake.start();
  }

  /**
   * @param chunk - the next bytes from the peer; not kept
   * @throws CryptoError or ProtocolError: the connection must end
   */
  *receive(chunk: Uint8Array): Generator<HandshakeEvent | Frame, void, void> {
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
    yield* this.#reader.receive(rest);
  }

  /** Tells the stream, before the next frame is taken, that the message just given has a body. */
  expectBody(): void {
    this.#reader?.expectBody();
  }

  /**
   * Says that the stream from the peer has ended.
   *
   * @throws ProtocolError `truncated` unless the peer had closed
   */
  finish(): void {
    if (this.#reader) return this.#reader.finish();
    throw new ProtocolError('truncated', 'The connection ended during the handshake');
  }

  /**
   * @param close - why this side ends the connection
   * @returns the bytes to send last, none before the handshake is finished
   */
  close(close: Close): Uint8Array[] {
    return this.#writer?.close(close) ?? [];
  }
}
