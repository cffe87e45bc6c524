import { CryptoError } from '../../errors.js';

/** Pieces below this length are copied together. */
const gatherLength = 4096;

/**
 * Collects the plaintext of one message in about as much memory as it has bytes.
 *
 * OpenSSL gives a buffer for each piece of ciphertext, which costs some 400 bytes beside its
 * content: a peer that sent a megabyte one byte at a time would make us hold 400 megabytes.
 */
export class GatheredPieces {
  readonly #pieces: Uint8Array[] = [];
  #room: Uint8Array = new Uint8Array(0);
  #filled = 0;
  #left: number;

  /** @param length - bytes that the message has */
  constructor(length: number) {
    this.#left = length;
  }

  /**
   * @param piece - the next bytes, a buffer of its own
   * @throws CryptoError `misuse` when the message gets longer than announced
   */
  add(piece: Uint8Array): void {
    if (piece.length > this.#left) {
      throw new CryptoError('misuse', 'More ciphertext came than was announced');
    }
    if (piece.length >= gatherLength) {
      this.#closeRoom();
      this.#pieces.push(piece);
    } else {
      if (piece.length > this.#room.length - this.#filled) this.#openRoom();
      this.#room.set(piece, this.#filled);
      this.#filled += piece.length;
    }
    this.#left -= piece.length;
  }

  /** @returns the pieces of the message; nothing may be added afterwards */
  take(): Uint8Array[] {
    this.#closeRoom();
    return this.#pieces;
  }

  #openRoom(): void {
    this.#closeRoom();
    this.#room = new Uint8Array(Math.min(gatherLength, this.#left));
  }

  #closeRoom(): void {
    if (this.#filled > 0) this.#pieces.push(this.#room.subarray(0, this.#filled));
    this.#room = new Uint8Array(0);
    this.#filled = 0;
  }
}
