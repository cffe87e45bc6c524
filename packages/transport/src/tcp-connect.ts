import { connect } from 'node:net';

import { formatAddress } from './address.js';
import { asTransportError, TransportError } from './errors.js';
import { ReusedBuffer } from './reused-buffer.js';
import { TcpTransport } from './tcp-transport.js';
import type { Transport } from './transport.js';

/** Where to connect to, and for how long to try. */
export interface ConnectTcpOptions {
  /** A name or an address. */
  readonly host: string;
  /** A TCP port. */
  readonly port: number;
  /** Milliseconds for the whole attempt, all addresses of a name together. */
  readonly timeout: number;
  /** Ends the attempt early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a TCP connection. Where a name has several addresses, they are tried with little delay
 * (RFC 8305), so that a broken IPv6 route costs no half minute.
 *
 * @param options - where to, and for how long to try
 * @returns the connection, which the caller must destroy or end
 * @throws TransportError `refused`, `unreachable`, `timed-out` or `aborted`
 */
export async function connectTcp(options: ConnectTcpOptions): Promise<Transport> {
  const { host, port, timeout, signal } = options;
  const what = `Cannot connect to ${formatAddress(host, port)}`;
  if (signal?.aborted === true) throw new TransportError('aborted', `${what}: aborted`);
  const receiver = new ReusedBuffer();
  const { onread } = receiver;
  const socket = connect({ host, port, allowHalfOpen: true, autoSelectFamily: true, onread });
  const { promise, resolve, reject } = withResolvers();
  const timer = setTimeout(() => {
    reject(new TransportError('timed-out', `${what}: no answer within ${timeout} ms`));
  }, timeout);
  const abort = (): void => {
    reject(new TransportError('aborted', `${what}: aborted`));
  };
  signal?.addEventListener('abort', abort, { once: true });
  socket.once('connect', resolve);
  socket.once('error', reject);
  try {
    await promise;
    socket.off('error', reject);
    // The kernel would go on sending requests for minutes that were given up and made again elsewhere.
    return new TcpTransport(socket, { receiver, resets: true });
  } catch (error) {
    // A late error of the socket that was given up must not bring the process down.
    socket.on('error', () => undefined);
    socket.destroy();
    throw asTransportError(what, error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

function withResolvers(): {
  promise: Promise<void>;
  resolve: () => void;
  reject: (error: Error) => void;
} {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
