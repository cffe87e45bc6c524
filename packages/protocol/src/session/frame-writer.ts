import type { RecordSealer } from '@e2eeftp/crypto';

import { ProtocolError } from '../errors.js';
import { encodeBodyEnd, encodeClose, type BodyEnd, type Close } from '../messages/messages.js';

/**
 * Turns messages and bodies into one direction's bytes, in the order that {@link FrameReader}
 * holds peers to.
 */
export class FrameWriter {
  readonly #sealer: RecordSealer;
  #position: 'between messages' | 'in a body' | 'closed' = 'between messages';

  /** @param sealer - what makes this side's records */
  constructor(sealer: RecordSealer) {
    this.#sealer = sealer;
  }

  /** Whether a body is under way that must be ended before anything else is sent. */
  get isInBody(): boolean {
    return this.#position === 'in a body';
  }

  /** Whether this side has said its last word. */
  get isClosed(): boolean {
    return this.#position === 'closed';
  }

  /**
   * @param plaintext - an encoded message
   * @param body - whether data and an end follow
   * @returns the bytes to send
   * @throws ProtocolError `misuse` when a body is under way
   */
  message(plaintext: Uint8Array, body: boolean): Uint8Array[] {
    this.#expect('between messages');
    const sealed = this.#sealer.seal('message', [plaintext]);
    if (body) this.#position = 'in a body';
    return sealed;
  }

  /**
   * @param parts - the next bytes of the body, at most 1,048,576 together
   * @returns the bytes to send
   */
  data(parts: readonly Uint8Array[]): Uint8Array[] {
    this.#expect('in a body');
    return this.#sealer.seal('data', parts);
  }

  /**
   * @param end - how the body ended
   * @returns the bytes to send
   */
  end(end: BodyEnd): Uint8Array[] {
    this.#expect('in a body');
    const sealed = this.#sealer.seal('end', [encodeBodyEnd(end)]);
    this.#position = 'between messages';
    return sealed;
  }

  /**
   * Says the last word, if need be in the middle of a body.
   *
   * @param close - why this side ends the connection
   * @returns the bytes to send, none when the last word was said before
   */
  close(close: Close): Uint8Array[] {
    if (this.isClosed) return [];
    const sealed = this.#sealer.seal('close', [encodeClose(close)]);
    this.#position = 'closed';
    return sealed;
  }

  #expect(position: 'between messages' | 'in a body'): void {
    if (this.#position !== position) {
      throw new ProtocolError('misuse', `This cannot be sent: the stream is ${this.#position}`);
    }
  }
}
