import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { acceptSocket, type Transport } from '@e2eeftp/transport';

/** A connection as its server has it: what it carries, and what was taken from the network for it. */
export interface Arrival {
  readonly transport: Transport;
  /** Bytes that were taken from the network, whether or not anybody has read them. */
  taken(): number;
}

/** A listener of the system whose connections a test hands to a server itself. */
export class Gate {
  readonly #listener: Server;
  readonly #sockets: Socket[] = [];

  private constructor(listener: Server) {
    this.#listener = listener;
  }

  static async open(): Promise<Gate> {
    const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new Gate(listener);
  }

  /** @returns a client's socket, and what has arrived of it */
  async enter(): Promise<{ readonly client: Socket; readonly arrival: Arrival }> {
    const accepted = once(this.#listener, 'connection') as Promise<[Socket & HandleOwner]>;
    const { port } = this.#listener.address() as AddressInfo;
    const client = connect({ host: '127.0.0.1', port });
    client.on('error', () => undefined);
    this.#sockets.push(client);
    const [socket] = await accepted;
    const { _handle: handle } = socket;
    return {
      client,
      arrival: { transport: acceptSocket(socket), taken: () => handle.bytesRead },
    };
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) {
      socket.destroy();
      if (!socket.closed) await once(socket, 'close');
    }
    // It would wait for sockets that are others' now.
    this.#listener.close();
  }
}

/** What Node counts below a socket. */
interface HandleOwner {
  readonly _handle: { readonly bytesRead: number };
}
