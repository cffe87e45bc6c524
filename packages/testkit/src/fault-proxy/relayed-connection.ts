import { once } from 'node:events';
import type { Socket } from 'node:net';

import type { FaultPlan } from './fault.js';
import { RecordSplitter, type Direction, type WireRecord } from './record-splitter.js';

/** One connection that passes through the proxy, both of its directions. */
export class RelayedConnection {
  readonly #number: number;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #plan: FaultPlan;

  /**
   * @param number - how many connections there were before
   * @param client - the client's end
   * @param server - the server's end
   * @param plan - what befalls the records
   */
  constructor(number: number, client: Socket, server: Socket, plan: FaultPlan) {
    this.#number = number;
    this.#client = client;
    this.#server = server;
    this.#plan = plan;
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      // Whoever breaks off is heard of at the other end only.
      socket.on('error', () => {
        this.cut();
      });
    }
  }

  /** Passes everything on, until the connection has ended. It never fails. */
  async run(): Promise<void> {
    await Promise.all([
      this.#relay('up', this.#client, this.#server),
      this.#relay('down', this.#server, this.#client),
    ]);
    this.#client.destroy();
    this.#server.destroy();
  }

  /** Resets both ends at once. */
  cut(): void {
    for (const socket of [this.#client, this.#server]) {
      if (!socket.destroyed) socket.resetAndDestroy();
    }
  }

  async #relay(direction: Direction, from: Socket, to: Socket): Promise<void> {
    const splitter = new RecordSplitter(direction);
    let index = 0;
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        for (const record of splitter.push(chunk as Buffer)) {
          if (!(await this.#pass(direction, index, record, to))) return;
          index += 1;
        }
      }
      // What is no record is passed on as it is: the receiver is to judge it.
      to.end(splitter.rest);
    } catch {
      this.cut();
    }
  }

  /** Whether the direction goes on. */
  async #pass(
    direction: Direction,
    index: number,
    { type, bytes }: WireRecord,
    to: Socket,
  ): Promise<boolean> {
    const { length } = bytes;
    const fault = this.#plan({ connection: this.#number, direction, index, type, length });
    switch (fault?.type) {
      case 'cut':
        this.cut();
        return false;
      case 'truncate':
        await write(to, bytes.subarray(0, fault.bytes));
        await flushed(to);
        this.cut();
        return false;
      case 'half-close':
        to.end();
        return false;
      case 'stall':
        return false;
      case 'delay':
        await fault.until;
        break;
      case undefined:
        break;
    }
    await write(to, bytes);
    return true;
  }
}

async function write(to: Socket, bytes: Uint8Array): Promise<void> {
  if (to.destroyed) throw new Error('The connection has ended');
  if (!to.write(bytes)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
}

async function flushed(to: Socket): Promise<void> {
  if (to.writableLength > 0) await Promise.race([once(to, 'drain'), once(to, 'close')]);
}
