import { Identity } from '@e2eeftp/crypto';
import { connectTcp } from '@e2eeftp/transport';

import { startChild, type Child } from '../store/child-process.js';
import { Peer } from './peer.js';

/** How a server in another process is. */
export interface ServerState {
  /** Bytes that its process occupies, garbage not counted. */
  readonly memory: number;
  readonly connections: number;
  /** What nobody has handled. */
  readonly failures: readonly string[];
}

/** A server in a process of its own, so that its memory is its own too. Whoever comes is let in. */
export class ServerElsewhere {
  readonly address: { readonly host: string; readonly port: number };
  readonly #child: Child;

  private constructor(child: Child, port: number) {
    this.#child = child;
    this.address = { host: '127.0.0.1', port };
  }

  static async start(): Promise<ServerElsewhere> {
    const child = await startChild('../../support/child/serve.mjs', []);
    return new ServerElsewhere(child, Number(await child.nextLine()));
  }

  async enter(identity = Identity.generate()): Promise<Peer> {
    return Peer.connect(await connectTcp({ ...this.address, timeout: 20_000 }), identity);
  }

  async state(): Promise<ServerState> {
    this.#child.say('state');
    return JSON.parse((await this.#child.nextLine()) ?? '') as ServerState;
  }

  /** Waits until it has let go of all connections but so many. */
  async untilConnections(count: number): Promise<ServerState> {
    for (;;) {
      const state = await this.state();
      if (state.connections <= count) return state;
    }
  }

  stop(): Promise<void> {
    return this.#child.kill();
  }
}
