import { TransportError } from './errors.js';
import type { Transport } from './transport.js';

/** Bytes that may be on their way in one direction before a writer has to wait. */
const capacity = 256 * 1024;

/**
 * Makes the two ends of a connection within this process, for tests and for embedding a server
 * beside its client. It behaves as TCP does: bounded, ordered, each direction ended by itself.
 *
 * @returns the ends; each must be destroyed or ended by who uses it
 */
export function memoryTransportPair(): [Transport, Transport] {
  const there = new Pipe();
  const back = new Pipe();
  const left = new MemoryTransport(back, there);
  const right = new MemoryTransport(there, back);
  return [left, right];
}

interface Waiting<Value> {
  resolve(value: Value): void;
  reject(error: Error): void;
}

/** One direction: written at one end, read at the other. */
class Pipe {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #hasEnded = false;
  #failure: TransportError | undefined;
  #reader: Waiting<Uint8Array | undefined> | undefined;
  #writer: Waiting<void> | undefined;
  /** Called whenever bytes move, at each end. */
  readonly onMove = new Set<() => void>();

  read(): Promise<Uint8Array | undefined> {
    const chunk = this.#chunks.shift();
    if (chunk) {
      this.#bytes -= chunk.length;
      this.#moved();
      if (this.#bytes < capacity) {
        this.#writer?.resolve();
        this.#writer = undefined;
      }
      return Promise.resolve(chunk);
    }
    if (this.#hasEnded) return Promise.resolve(undefined);
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#hasEnded) {
      return Promise.reject(new TransportError('closed', 'This direction was ended'));
    }
    for (const part of parts) {
      if (part.length > 0) this.#push(Uint8Array.from(part));
    }
    if (this.#bytes < capacity) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#writer = { resolve, reject };
    });
  }

  end(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#hasEnded = true;
    this.#reader?.resolve(undefined);
    this.#reader = undefined;
    return Promise.resolve();
  }

  fail(error: TransportError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#reader?.reject(error);
    this.#writer?.reject(error);
    this.#reader = undefined;
    this.#writer = undefined;
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

  #moved(): void {
    for (const listener of this.onMove) listener();
  }
}

class MemoryTransport implements Transport {
  readonly peer = 'memory';
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;
  #timer: NodeJS.Timeout | undefined;

  constructor(incoming: Pipe, outgoing: Pipe) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    const refresh = (): void => { this.#timer?.refresh(); };
    incoming.onMove.add(refresh);
    outgoing.onMove.add(refresh);
  }

  read(): Promise<Uint8Array | undefined> {
    return this.#incoming.read();
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    return this.#outgoing.write(parts);
  }

  end(): Promise<void> {
    return this.#outgoing.end();
  }

  setIdleTimeout(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (milliseconds === 0) return;
    this.#timer = setTimeout(() => {
      this.destroy(new TransportError('timed-out', `Nothing moved for ${milliseconds} ms`));
    }, milliseconds);
  }

  destroy(reason?: Error): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const here =
      reason instanceof TransportError
        ? reason
        : new TransportError('closed', 'The connection was closed by this side', { cause: reason });
    this.#incoming.fail(here);
    this.#outgoing.fail(new TransportError('reset', 'The other end closed the connection'));
  }
}
