import { setTimeout as delay } from 'node:timers/promises';

import { Identity } from '@e2eeftp/crypto';
import type { Access } from '@e2eeftp/protocol';
import { connectTcp, type Transport } from '@e2eeftp/transport';

import type { ServerLimits } from '../../src/index.js';
import { startChild, type Child } from '../store/child-process.js';
import { Peer } from './peer.js';

/** How a server in another process is. */
export interface ServerState {
  /** Bytes that its process occupies, garbage not counted. */
  readonly memory: number;
  readonly connections: number;
  /** Open file descriptors, but those of event loops. */
  readonly descriptors: number;
  /** Event loops, of which each thread has one. */
  readonly eventLoops: number;
  /** What nobody has handled, and what the server holds for its own failure. */
  readonly failures: readonly string[];
  /** The sentences of its warnings, each once. */
  readonly warnings: readonly string[];
  /** What its log says, errors apart, that could harm a terminal or forge a line. */
  readonly unprintable: readonly string[];
  /** What its observer was told. */
  readonly counts: Readonly<Record<ObservedCount, number>>;
}

type ObservedCount = 'opened' | 'closed' | 'refused' | 'established' | 'failed' | 'answered';

/** What a server elsewhere is started with. */
export interface ServerElsewhereOptions {
  /** Where its files are; by default in memory. */
  readonly directory?: string;
  readonly limits?: Partial<ServerLimits>;
  /** Whoever sees all files; all others share a home then. */
  readonly owner?: Identity;
  /** Clients that may not do everything, by their keys in hexadecimal. */
  readonly access?: Readonly<Record<string, Access>>;
  /** Serves the first generation too, which needs a directory. */
  readonly v1?: boolean;
}

/** A server in a process of its own, so that its memory is its own too. Whoever comes is let in. */
export class ServerElsewhere {
  readonly address: { readonly host: string; readonly port: number };
  readonly #child: Child;

  private constructor(child: Child, port: number) {
    this.#child = child;
    this.address = { host: '127.0.0.1', port };
  }

  static async start(options: ServerElsewhereOptions = {}): Promise<ServerElsewhere> {
    const { owner, ...rest } = options;
    const key = owner && Buffer.from(owner.publicKey).toString('hex');
    const said = JSON.stringify({ ...rest, owner: key });
    const child = await startChild('../../support/child/serve.mjs', [said]);
    return new ServerElsewhere(child, Number(await child.nextLine()));
  }

  /** A transport to it, before the first byte. */
  open(): Promise<Transport> {
    return connectTcp({ ...this.address, timeout: 20_000 });
  }

  async enter(identity = Identity.generate()): Promise<Peer> {
    return Peer.connect(await this.open(), identity);
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
      await delay(20);
    }
  }

  /** Waits until it has closed what it keeps open for a moment: all descriptors but so many. */
  async untilDescriptors(count: number): Promise<ServerState> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const state = await this.state();
      if (state.descriptors <= count || Date.now() > deadline) return state;
      await delay(20);
    }
  }

  stop(): Promise<void> {
    return this.#child.kill();
  }
}
