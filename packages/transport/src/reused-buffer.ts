import type { OnReadOpts } from 'node:net';

/** Bytes that are taken from the network at once. */
const bufferSize = 512 * 1024;

/**
 * The one buffer that a socket reads into again and again. Without it, every read takes fresh
 * memory, whose page faults cost more than copying the bytes.
 *
 * The socket stops reading with every chunk, and goes on when it is resumed: only then is the
 * buffer overwritten.
 */
export class ReusedBuffer {
  #deliver: ((chunk: Uint8Array) => void) | undefined;
  /** What came before somebody took delivery. */
  #early: Uint8Array | undefined;

  /** For the options of `net.connect`. */
  readonly onread: OnReadOpts = {
    buffer: Buffer.allocUnsafeSlow(bufferSize),
    callback: (length, buffer) => {
      const chunk = buffer.subarray(0, length);
      if (this.#deliver) this.#deliver(chunk);
      else this.#early = chunk;
      return false;
    },
  };

  /** @param deliver - takes each chunk, which is valid until the socket is resumed */
  deliverTo(deliver: (chunk: Uint8Array) => void): void {
    this.#deliver = deliver;
    if (this.#early) deliver(this.#early);
    this.#early = undefined;
  }
}
