import { TransportError } from './errors.js';
import { MemoryPipe } from './memory-pipe.js';
import type { Transport } from './transport.js';

/**
 * Makes the two ends of a connection within this process, for tests and for embedding a server
 * beside its client. It behaves as TCP does: bounded, ordered, each direction ended by itself.
 *
 * @returns the ends; each must be destroyed or ended by who uses it
 */
export function memoryTransportPair(): [Transport, Transport] {
  const there = new MemoryPipe();
  const back = new MemoryPipe();
  return [new MemoryTransport(back, there), new MemoryTransport(there, back)];
}

class MemoryTransport implements Transport {
  readonly peer = 'memory';
  readonly #incoming: MemoryPipe;
  readonly #outgoing: MemoryPipe;
  #timer: NodeJS.Timeout | undefined;

  constructor(incoming: MemoryPipe, outgoing: MemoryPipe) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    const refresh = (): void => {
      this.#timer?.refresh();
    };
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
    const there = new TransportError('reset', 'The other end closed the connection');
    this.#incoming.abandonReading(here, there);
    this.#outgoing.abandonWriting(here, there);
  }
}
