import type { Transport } from './transport.js';

/**
 * A transport whose reader can give bytes back, for whoever must look at the first ones before it
 * is clear who reads the rest, or who reads messages that end in the middle of a chunk.
 */
export class PushbackTransport implements Transport {
  readonly #transport: Transport;
  #ahead: Uint8Array | undefined;
  #isDestroyed = false;

  /** @param transport - what carries the bytes; owned by this one from now on */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get peer(): string {
    return this.#transport.peer;
  }

  read(): Promise<Uint8Array | undefined> {
    const ahead = this.#ahead;
    if (!ahead) return this.#transport.read();
    this.#ahead = undefined;
    return Promise.resolve(ahead);
  }

  /**
   * Puts bytes back in front of those that were not read yet; once destroyed, this does nothing.
   *
   * @param bytes - what the next call of `read` gives; valid as long as what they were read with
   */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#isDestroyed) return;
    this.#ahead = this.#ahead ? joined(bytes, this.#ahead) : bytes;
  }

  /**
   * @param length - how many bytes are wanted
   * @returns that many, in memory of their own; fewer only when the other end has ended its
   *   direction before
   * @throws TransportError
   */
  async readExactly(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const chunk = await this.read();
      if (!chunk) return bytes.subarray(0, filled);
      const part = chunk.subarray(0, length - filled);
      bytes.set(part, filled);
      filled += part.length;
      this.unread(chunk.subarray(part.length));
    }
    return bytes;
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    return this.#transport.write(parts);
  }

  end(): Promise<void> {
    return this.#transport.end();
  }

  setIdleTimeout(milliseconds: number): void {
    this.#transport.setIdleTimeout(milliseconds);
  }

  destroy(reason?: Error): void {
    this.#isDestroyed = true;
    this.#ahead = undefined;
    this.#transport.destroy(reason);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
