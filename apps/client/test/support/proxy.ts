import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { afterThisTest } from './cleanup.js';
import { closed, listening } from './listening.js';

export interface Proxy {
  readonly port: number;
  /** Settles when as many bytes have passed as were asked for. */
  readonly reached: Promise<void>;
}

/**
 * Stands between a client and a server. After some bytes in one direction, it breaks the
 * connections, and unless it is to do that once only, each later one at its first byte; or it
 * passes nothing on any more.
 */
export async function startProxy(
  serverPort: number,
  {
    direction,
    bytes,
    then,
  }: {
    direction: 'up' | 'down';
    bytes: number;
    then: 'break' | 'break-once' | 'stall';
  },
): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  let passed = 0;
  const own = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    return socket;
  };
  const proxy = createServer((client) => {
    const server = own(connect(serverPort, '127.0.0.1'));
    own(client);
    const pass = (from: Socket, to: Socket, isCounted: boolean): void => {
      from.on('data', (chunk) => {
        if (isCounted) passed += chunk.length;
        if (passed < bytes) {
          if (!to.write(chunk)) {
            from.pause();
            to.once('drain', () => from.resume());
          }
          return;
        }
        reach();
        if (then === 'break-once') passed = -Infinity;
        if (then !== 'stall') for (const socket of sockets) socket.destroy();
        else for (const socket of sockets) socket.pause();
      });
      from.on('close', () => to.destroy());
    };
    pass(client, server, direction === 'up');
    pass(server, client, direction === 'down');
  });
  await listening(proxy);
  afterThisTest(async () => {
    for (const socket of sockets) socket.destroy();
    await closed(proxy);
  });
  return { port: (proxy.address() as AddressInfo).port, reached };
}
