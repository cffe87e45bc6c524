import { createServer, type Server, type Socket } from 'node:net';

import { acceptSocket } from './accept-socket.js';
import { formatAddress } from './address.js';
import { asTransportError, TransportError } from './errors.js';
import type { Listener, Transport } from './transport.js';

/** Connections that the kernel holds while the program is busy. */
const backlog = 511;

/** Where to listen. */
export interface TcpPlace {
  /** A name or an address of this machine. */
  readonly host: string;
  /** A TCP port; 0 lets the system choose one. */
  readonly port: number;
  /**
   * The file descriptor of a TCP socket that is bound already, such as one that a service manager
   * hands over; host and port say nothing then. It is taken over.
   */
  readonly descriptor?: number | undefined;
  /**
   * Hears of failures to take a connection; listening goes on. Too many open files are none: then
   * who comes is disconnected at once, and nobody is told.
   */
  readonly onError: (error: Error) => void;
}

/** Where to listen, and what to do with who comes. */
export interface ListenTcpOptions extends TcpPlace {
  /** Takes each connection over; it owns the transport and must not throw. */
  readonly onConnection: (transport: Transport) => void;
}

/** Where to listen, and who hands connections on. */
export interface ListenForSocketsOptions extends TcpPlace {
  /** Takes each socket over, from which nothing is read yet; it must not throw. */
  readonly onSocket: (socket: Socket) => void;
}

/**
 * Listens for TCP connections.
 *
 * @param options - where, and what to do with who comes
 * @returns the listener, which the caller must close
 * @throws TransportError `unavailable` when the port is taken or not allowed, or the descriptor is
 *   no TCP socket
 */
export function listenTcp({ onConnection, ...place }: ListenTcpOptions): Promise<Listener> {
  return listenForSockets({
    ...place,
    onSocket: (socket) => {
      onConnection(acceptSocket(socket));
    },
  });
}

/**
 * Listens for TCP connections that other processes are to serve; {@link acceptSocket} makes a
 * transport of one.
 *
 * @param options - where, and who hands them on
 * @returns the listener, which the caller must close
 * @throws TransportError `unavailable` as {@link listenTcp} does
 */
export async function listenForSockets(options: ListenForSocketsOptions): Promise<Listener> {
  const { host, port, descriptor: fd, onSocket, onError } = options;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, onSocket);
  const place = fd === undefined ? formatAddress(host, port) : `file descriptor ${fd}`;
  try {
    await listen(server, fd === undefined ? { host, port } : { fd });
  } catch (error) {
    throw asTransportError(`Cannot listen at ${place}`, error);
  }
  const address = server.address();
  if (typeof address !== 'object' || !address?.address) {
    await close(server);
    throw new TransportError('unavailable', `Cannot listen at ${place}: it is no TCP socket`);
  }
  server.on('error', onError);
  return {
    address: { host: address.address, port: address.port },
    close: () => close(server),
  };
}

type ListenPlace = { readonly host: string; readonly port: number } | { readonly fd: number };

function listen(server: Server, place: ListenPlace): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...place, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Resolves when the port is free again; `net.Server.close` would wait for every connection. */
function close(server: Server): Promise<void> {
  server.unref();
  server.close();
  return Promise.resolve();
}
