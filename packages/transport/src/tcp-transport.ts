import type { Socket } from 'node:net';

import { peerOf } from './address.js';
import { asTransportError, TransportError } from './errors.js';
import type { ReusedBuffer } from './reused-buffer.js';
import type { Transport } from './transport.js';
import type { Waiting } from './waiting.js';

/** Received bytes that may wait to be read; the kernel holds back what comes on top. */
const receiveLimit = 256 * 1024;

/** Bytes from which on it does not pay to wait for more before they are handed to the system. */
const worthSending = 64 * 1024;

/**
 * A TCP connection, over a connected socket that the transport takes over.
 */
export class TcpTransport implements Transport {
  readonly peer: string;
  readonly #socket: Socket;
  #received: Uint8Array[] = [];
  #receivedBytes = 0;
  #hasEnded = false;
  #failure: TransportError | undefined;
  #reader: Waiting<Uint8Array | undefined> | undefined;
  #writers: Waiting<void>[] = [];
  #ending: Promise<void> | undefined;
  #isCorked = false;
  readonly #receiver: ReusedBuffer | undefined;
  readonly #resets: boolean;

  /**
   * @param socket - a connected socket that nobody else uses, and that may be half open
   * @param options - set `receiver` when the socket reads into a buffer of its own, and `resets` when
   *   what the kernel has not sent yet must be lost with a connection that is destroyed
   */
  constructor(
    socket: Socket,
    { receiver, resets = false }: { receiver?: ReusedBuffer | undefined; resets?: boolean } = {},
  ) {
    this.#socket = socket;
    this.#receiver = receiver;
    this.#resets = resets;
    receiver?.deliverTo((chunk) => {
      this.#receive(chunk);
    });
    this.peer = peerOf(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    socket.on('end', () => {
      this.#finishReceiving();
    });
    socket.on('drain', () => {
      this.#releaseWriters();
    });
    // No drain comes any more once the end is under way.
    socket.on('finish', () => {
      this.#releaseWriters();
    });
    socket.on('timeout', () => {
      this.#timeOut();
    });
    socket.on('error', (error) => {
      this.#fail(asTransportError('The connection broke', error));
    });
    socket.on('close', () => {
      this.#fail(new TransportError('reset', 'The connection was closed'));
    });
  }

  read(): Promise<Uint8Array | undefined> {
    const chunk = this.#received.shift();
    if (chunk) {
      this.#receivedBytes -= chunk.length;
      if (this.#receivedBytes < receiveLimit && this.#socket.isPaused()) this.#socket.resume();
      return Promise.resolve(chunk);
    }
    if (this.#hasEnded) return Promise.resolve(undefined);
    if (this.#failure) return Promise.reject(this.#failure);
    // Only now is the last chunk used up, and its buffer free for the next.
    if (this.#receiver) {
      this.#receiver.reclaim();
      this.#socket.resume();
    }
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#ending) {
      return Promise.reject(new TransportError('closed', 'This direction was ended'));
    }
    this.#cork();
    for (const part of parts) this.#socket.write(part);
    if (this.#socket.writableLength >= worthSending) this.#uncork();
    return this.#socket.writableNeedDrain ? this.#waitForRoom() : Promise.resolve();
  }

  end(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (!this.#ending) {
      this.#ending = this.#waitForRoom();
      this.#socket.end();
    }
    return this.#ending;
  }

  setIdleTimeout(milliseconds: number): void {
    this.#socket.setTimeout(milliseconds);
  }

  destroy(reason?: Error): void {
    this.#received = [];
    this.#hasEnded = false;
    this.#uncork();
    this.#fail(
      reason instanceof TransportError
        ? reason
        : new TransportError('closed', 'The connection was closed by this side', { cause: reason }),
    );
  }

  /** Small records that are written one after the other go to the system together. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#uncork();
    });
  }

  #uncork(): void {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#socket.uncork();
  }

  #receive(chunk: Uint8Array): void {
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      reader.resolve(chunk);
      return;
    }
    this.#received.push(chunk);
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes >= receiveLimit && !this.#receiver) this.#socket.pause();
  }

  #finishReceiving(): void {
    this.#hasEnded = true;
    this.#reader?.resolve(undefined);
    this.#reader = undefined;
  }

  #waitForRoom(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#writers.push({ resolve, reject });
    });
  }

  #releaseWriters(): void {
    const writers = this.#writers;
    this.#writers = [];
    for (const writer of writers) writer.resolve();
  }

  #timeOut(): void {
    this.#fail(
      new TransportError('timed-out', `Nothing moved for ${this.#socket.timeout ?? 0} ms`),
    );
  }

  #fail(error: TransportError): void {
    if (this.#failure) return;
    this.#failure = error;
    // Behind an end that was said, everything was meant to arrive.
    if (this.#resets && !this.#ending) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
    this.#reader?.reject(error);
    this.#reader = undefined;
    for (const writer of this.#writers.splice(0)) writer.reject(error);
  }
}
