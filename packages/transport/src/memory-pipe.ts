import { TransportError } from './errors.js';
import type { Waiting } from './waiting.js';

/** Bytes that may be on their way before a writer has to wait. */
const capacity = 256 * 1024;

/** One direction of a connection in memory: written at one end, read at the other. */
export class MemoryPipe {
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #hasEnded = false;
  #readFailure: TransportError | undefined;
  #writeFailure: TransportError | undefined;
  #reader: Waiting<Uint8Array | undefined> | undefined;
  #writers: Waiting<void>[] = [];
  /** Called whenever bytes move, at each end. */
  readonly onMove = new Set<() => void>();

  /** @returns the next bytes; `undefined` behind the last */
  read(): Promise<Uint8Array | undefined> {
    const chunk = this.#chunks.shift();
    if (chunk) {
      this.#bytes -= chunk.length;
      this.#moved();
      if (this.#bytes < capacity) this.#releaseWriters();
      return Promise.resolve(chunk);
    }
    if (this.#hasEnded) return Promise.resolve(undefined);
    if (this.#readFailure) return Promise.reject(this.#readFailure);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  /**
   * @param parts - what to send; it is copied, as a network does
   * @returns once more may be written
   */
  write(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#writeFailure) return Promise.reject(this.#writeFailure);
    if (this.#hasEnded) {
      return Promise.reject(new TransportError('closed', 'This direction was ended'));
    }
    for (const part of parts) {
      if (part.length > 0) this.#push(new Uint8Array(part));
    }
    if (this.#bytes < capacity) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#writers.push({ resolve, reject });
    });
  }

  /** Ends the direction behind what was written. */
  end(): Promise<void> {
    if (this.#writeFailure) return Promise.reject(this.#writeFailure);
    this.#hasEnded = true;
    this.#reader?.resolve(undefined);
    this.#reader = undefined;
    return Promise.resolve();
  }

  /**
   * The reading end goes away.
   *
   * @param here - what its reader gets
   * @param there - what the writer gets
   */
  abandonReading(here: TransportError, there: TransportError): void {
    this.#chunks = [];
    this.#hasEnded = false;
    this.#fail(here, there);
  }

  /**
   * The writing end goes away. What it wrote can still be read.
   *
   * @param here - what its writer gets
   * @param there - what the reader gets behind the last bytes, unless the direction was ended
   */
  abandonWriting(here: TransportError, there: TransportError): void {
    this.#fail(there, here);
  }

  #push(chunk: Uint8Array): void {
    this.#moved();
    if (this.#reader) {
      this.#reader.resolve(chunk);
      this.#reader = undefined;
      return;
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  #releaseWriters(): void {
    for (const writer of this.#writers.splice(0)) writer.resolve();
  }

  #fail(readFailure: TransportError, writeFailure: TransportError): void {
    if (this.#readFailure) return;
    this.#readFailure = readFailure;
    this.#writeFailure = writeFailure;
    this.#reader?.reject(readFailure);
    this.#reader = undefined;
    for (const writer of this.#writers.splice(0)) writer.reject(writeFailure);
  }

  #moved(): void {
    for (const listener of this.onMove) listener();
  }
}
