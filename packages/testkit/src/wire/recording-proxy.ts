import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { found } from '../disk/stored-files.js';
import type { Direction } from '../fault-proxy/record-splitter.js';

/** One direction of one connection. */
interface Recorded {
  readonly direction: Direction;
  readonly chunks: Buffer[];
}

/**
 * Stands between clients and a server, passes everything on as it is, and keeps a copy of it: what
 * somebody on the wire sees. It listens at 127.0.0.1. What it keeps stays in memory.
 */
export class RecordingProxy {
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  readonly #recorded: Recorded[] = [];

  private constructor(port: number) {
    this.#listener = createServer({ allowHalfOpen: true }, (client) => {
      const server = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
      this.#relay('up', client, server);
      this.#relay('down', server, client);
    });
  }

  /**
   * @param options - where the server is
   * @param options.port - its port at 127.0.0.1
   * @returns the proxy, to be closed
   */
  static async start({ port }: { readonly port: number }): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(port);
    proxy.#listener.listen(0, '127.0.0.1');
    await once(proxy.#listener, 'listening');
    return proxy;
  }

  /** The port that clients connect to. */
  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /**
   * @param direction - one of them
   * @returns how many bytes have passed so far
   */
  bytes(direction: Direction): number {
    const chunks = this.#recorded.filter((one) => one.direction === direction);
    return chunks.flatMap((one) => one.chunks).reduce((sum, { length }) => sum + length, 0);
  }

  /**
   * Looks for bytes in each direction of each connection.
   *
   * @param wanted - what to look for, by names that say what it is
   * @returns the names of what has passed
   */
  search(wanted: ReadonlyMap<string, Buffer>): string[] {
    const all = this.#recorded.flatMap(({ chunks }) => found(wanted, Buffer.concat(chunks)));
    return [...new Set(all)];
  }

  /** @returns once no connection is left; what was kept stays */
  async close(): Promise<void> {
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #relay(direction: Direction, from: Socket, to: Socket): void {
    const chunks: Buffer[] = [];
    this.#recorded.push({ direction, chunks });
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.on('end', () => to.end());
    // Whoever breaks off is heard of at the other end.
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      if (!from.readableEnded) to.destroy();
    });
  }
}
