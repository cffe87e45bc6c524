import { CryptoError } from '../errors.js';

/**
 * Reads the wire types that SSH key formats are made of (RFC 4251, section 5), strictly.
 */
export class SshReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #offset = 0;

  /** @param bytes - what to read */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @returns the next 32-bit number */
  uint32(): number {
    const bytes = this.raw(4);
    return this.#view.getUint32(bytes.byteOffset - this.#bytes.byteOffset);
  }

  /** @returns the next string's bytes */
  string(): Uint8Array {
    return this.raw(this.uint32());
  }

  /** @returns the next string as text */
  text(): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.string());
  }

  /**
   * @param length - bytes wanted
   * @returns them, without a copy
   * @throws CryptoError `unreadable-key-file` when fewer are left
   */
  raw(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#offset) {
      throw new CryptoError('unreadable-key-file', 'The SSH key is cut short');
    }
    const start = this.#offset;
    this.#offset += length;
    return this.#bytes.subarray(start, this.#offset);
  }

  /** @returns what is left */
  rest(): Uint8Array {
    return this.raw(this.#bytes.length - this.#offset);
  }
}
