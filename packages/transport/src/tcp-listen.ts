import { createServer, type AddressInfo, type Server } from 'node:net';

import { acceptSocket } from './accept-socket.js';
import { formatAddress } from './address.js';
import { asTransportError } from './errors.js';
import type { Listener, Transport } from './transport.js';

/** Connections that the kernel holds while the program is busy. */
const backlog = 511;

/** Where to listen, and what to do with who comes. */
export interface ListenTcpOptions {
  /** A name or an address of this machine. */
  readonly host: string;
  /** A TCP port; 0 lets the system choose one. */
  readonly port: number;
  /** Takes each connection over; it owns the transport and must not throw. */
  readonly onConnection: (transport: Transport) => void;
  /**
   * Hears of failures to take a connection; listening goes on. Too many open files are none: then
   * who comes is disconnected at once, and nobody is told.
   */
  readonly onError: (error: Error) => void;
}

/**
 * Listens for TCP connections.
 *
 * @param options - where, and what to do with who comes
 * @returns the listener, which the caller must close
 * @throws TransportError `unavailable` when the port is taken or not allowed
 */
export async function listenTcp(options: ListenTcpOptions): Promise<Listener> {
  const { host, port, onConnection, onError } = options;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (accepted) => {
    onConnection(acceptSocket(accepted));
  });
  try {
    await listen(server, host, port);
  } catch (error) {
    throw asTransportError(`Cannot listen at ${formatAddress(host, port)}`, error);
  }
  server.on('error', onError);
  const address = server.address() as AddressInfo;
  return {
    address: { host: address.address, port: address.port },
    close: () => close(server),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog }, () => {
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
