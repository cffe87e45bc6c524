import type { Socket } from 'node:net';

import { asTransportError, TransportError } from './errors.js';
import type { Transport } from './transport.js';

/** Received bytes that may wait to be read; the kernel holds back what comes on top. */
const receiveBuffer = 256 * 1024;

interface Waiting<Value> {
  resolve(value: Value): void;
  reject(error: Error): void;
}

/**
 * A TCP connection, over a connected socket that the transport takes over.
 */
export class TcpTransport implements Transport {
  readonly peer: string;
  readonly #socket: Socket;
  readonly #received: Uint8Array[] = [];
  #receivedBytes = 0;
  #hasEnded = false;
  #failure: TransportError | undefined;
  #reader: Waiting<Uint8Array | undefined> | undefined;
  readonly #writers: Waiting<void>[] = [];

  /** @param socket - a connected socket that nobody else uses */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.peer = formatPeer(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.on('data', (chunk: Buffer) => { this.#receive(chunk); });
    socket.on('end', () => { this.#finishReceiving(); });
    socket.on('drain', () => { this.#releaseWriters(); });
    socket.on('timeout', () => { this.#timeOut(); });
    socket.on('error', (error) => { this.#fail(asTransportError('The connection broke', error)); });
    socket.on('close', () => {
      this.#fail(new TransportError('reset', 'The connection was closed'));
    });
  }

  read(): Promise<Uint8Array | undefined> {
    const chunk = this.#received.shift();
    if (chunk) {
      this.#receivedBytes -= chunk.length;
      if (this.#receivedBytes < receiveBuffer && this.#socket.isPaused()) this.#socket.resume();
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
    let mayContinue = true;
    this.#socket.cork();
    for (const part of parts) mayContinue = this.#socket.write(part);
    this.#socket.uncork();
    if (mayContinue || !this.#socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#writers.push({ resolve, reject });
    });
  }

  end(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const waiting = { resolve, reject };
      this.#writers.push(waiting);
      this.#socket.end(() => {
        const index = this.#writers.indexOf(waiting);
        if (index >= 0) this.#writers.splice(index, 1);
        resolve();
      });
    });
  }

  setIdleTimeout(milliseconds: number): void {
    this.#socket.setTimeout(milliseconds);
  }

  destroy(reason?: Error): void {
    this.#fail(
      reason instanceof TransportError
        ? reason
        : new TransportError('closed', 'The connection was closed by this side', { cause: reason }),
    );
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
    if (this.#receivedBytes >= receiveBuffer) this.#socket.pause();
  }

  #finishReceiving(): void {
    this.#hasEnded = true;
    this.#reader?.resolve(undefined);
    this.#reader = undefined;
  }

  #releaseWriters(): void {
    for (const writer of this.#writers.splice(0)) writer.resolve();
  }

  #timeOut(): void {
    this.#fail(
      new TransportError('timed-out', `Nothing moved for ${this.#socket.timeout ?? 0} ms`),
    );
  }

  #fail(error: TransportError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#socket.destroy();
    this.#reader?.reject(error);
    this.#reader = undefined;
    for (const writer of this.#writers.splice(0)) writer.reject(error);
  }
}

function formatPeer({ remoteAddress = 'unknown', remotePort = 0 }: Socket): string {
  const host = remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress;
  return `${host}:${remotePort}`;
}
