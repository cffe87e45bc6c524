import { fork } from 'node:child_process';
import type { Socket } from 'node:net';

import { fingerprint, type Identity } from '@e2eeftp/crypto';
import { defaultHost, defaultPort } from '@e2eeftp/protocol';
import { listenForSockets, peerOf, type Listener } from '@e2eeftp/transport';

import { admit } from '../admission/admit.js';
import { Admission, type Ticket } from '../admission/admission.js';
import { RequestRates } from '../admission/request-rates.js';
import { defaultServerLimits, type ServerLimits } from '../limits.js';
import { silentLogger, type Logger } from '../logger.js';
import type { ServerObserver } from '../observer.js';
import { ServerError } from '../server-error.js';
import type { ListenOptions } from '../server.js';
import type { StoreCoordination } from '../store/coordination.js';
import { WorkerProcess } from './worker-process.js';

/** Beyond the time for what is under way: for a worker to free what it holds. */
const exitPatience = 10_000;
const firstRestartDelay = 100;
const longestRestartDelay = 10_000;
/** A worker that has lived so long has not failed at its start. */
const settledAfter = 30_000;

/** What a supervisor is made of. */
export interface SupervisorOptions {
  /** Who the server is; its workers know that from the data directory. */
  readonly identity: Identity;
  /** How many processes serve. */
  readonly workers: number;
  /** The program of a worker, which calls `joinSupervisor`. */
  readonly program: URL;
  /** What workers are told when they ask; it must be possible to copy it. */
  readonly configuration: unknown;
  /** What all that use the files have to agree upon; a `DataDirectory` brings it. */
  readonly coordination: StoreCoordination;
  /** What clients are allowed, where it differs from the default; the same as the workers'. */
  readonly limits?: Partial<ServerLimits>;
  /** Removes what is left of a worker that has died; the store of a `DataDirectory` can. */
  readonly removeLeftovers?: (pid: number) => Promise<void>;
  readonly logger?: Logger;
  /** Hears what all the workers do. */
  readonly observer?: ServerObserver;
}

/**
 * Serves one port by several processes. The supervisor takes the connections, holds them to their
 * limits, hands them over, and says whose turn it is wherever workers could disturb each other; a
 * worker that dies is replaced, and whatever it held is free again.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #limits: ServerLimits;
  #configuration: unknown;
  readonly #logger: Logger;
  readonly #admission: Admission;
  readonly #observer: ServerObserver;
  readonly #rates: RequestRates;
  readonly #workers = new Set<WorkerProcess>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #restartDelay = firstRestartDelay;
  #listener: Listener | undefined;
  #isClosing = false;
  #onReady: (() => void) | undefined;

  /** @param options - what the supervisor is made of */
  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#limits = { ...defaultServerLimits, ...options.limits };
    this.#configuration = options.configuration;
    this.#logger = options.logger ?? silentLogger;
    this.#observer = options.observer ?? {};
    this.#admission = new Admission(this.#limits);
    this.#rates = new RequestRates(this.#limits.requestRate);
  }

  /**
   * Where the supervisor listens.
   *
   * @throws ServerError `not-running` before it was started
   */
  get address(): Listener['address'] {
    if (!this.#listener) throw new ServerError('not-running', 'The server does not listen yet');
    return this.#listener.address;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#admission.connections;
  }

  /**
   * Starts the workers, and listens once all of them are ready.
   *
   * @param options - where
   * @throws TransportError `unavailable` when the port is taken or not allowed
   */
  async start(options: ListenOptions = {}): Promise<void> {
    const { host = defaultHost, port = defaultPort, descriptor } = options;
    const ready = new Promise<void>((resolve) => {
      this.#onReady = resolve;
    });
    for (let count = 0; count < this.#options.workers; count++) this.#startWorker();
    await ready;
    this.#listener = await listenForSockets({
      host,
      port,
      descriptor,
      onSocket: (socket) => {
        void this.#take(socket);
      },
      onError: (error) => {
        this.#logger.error({ err: error }, 'a connection could not be taken');
      },
    });
    const { identity } = this.#options;
    const { address } = this.#listener;
    this.#logger.info({ ...address, fingerprint: fingerprint(identity.publicKey) }, 'listening');
  }

  /**
   * Allows clients something else from now on, and tells the workers.
   *
   * @param configuration - what workers are told from now on, also those that are started later
   * @param limits - what changes; the same as the workers'
   * @returns once all workers have taken it over
   */
  async reconfigure(configuration: unknown, limits: Partial<ServerLimits>): Promise<void> {
    this.#configuration = configuration;
    this.#limits = { ...this.#limits, ...limits };
    this.#admission.changeLimits(this.#limits);
    if (limits.requestRate !== undefined) this.#rates.changeRate(limits.requestRate);
    await Promise.all([...this.#workers].map((worker) => worker.reconfigure(configuration)));
  }

  /**
   * Takes no more connections, and ends the workers.
   *
   * @returns once all of them are gone
   */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#restarts) clearTimeout(timer);
    await this.#listener?.close();
    const patience = this.#limits.drainTimeout + exitPatience;
    await Promise.all([...this.#workers].map((worker) => worker.shutDown(patience)));
    if (this.#listener) this.#logger.info({}, 'closed');
  }

  #startWorker(): void {
    const startedAt = performance.now();
    const { program, coordination } = this.#options;
    const child = fork(program, { serialization: 'advanced' });
    const worker = new WorkerProcess(child, {
      coordination,
      rates: this.#rates,
      configuration: () => this.#configuration,
      observer: this.#observer,
      onReady: () => {
        this.#logger.info({ worker: worker.pid }, 'a worker is ready');
        if ([...this.#workers].every(({ isReady }) => isReady)) this.#onReady?.();
      },
      onExit: (how) => {
        this.#workers.delete(worker);
        if (!this.#isClosing) void this.#replace(worker, how, performance.now() - startedAt);
      },
    });
    this.#workers.add(worker);
  }

  /** Workers that die at once are started again ever more slowly: the reason may take the disk. */
  async #replace(worker: WorkerProcess, how: string, lifetime: number): Promise<void> {
    if (lifetime > settledAfter) this.#restartDelay = firstRestartDelay;
    const delay = this.#restartDelay;
    this.#restartDelay = Math.min(2 * delay, longestRestartDelay);
    this.#logger.error({ worker: worker.pid, how, delay }, 'a worker has died and is replaced');
    await this.#removeLeftoversOf(worker);
    if (this.#isClosing) return;
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#startWorker();
    }, delay);
    this.#restarts.add(timer);
  }

  /** Before another worker is started: it could get the number of the one that has died. */
  async #removeLeftoversOf({ pid }: WorkerProcess): Promise<void> {
    try {
      if (pid !== undefined) await this.#options.removeLeftovers?.(pid);
    } catch (error) {
      this.#logger.error({ err: error }, 'what a worker has left could not be removed');
    }
  }

  async #take(socket: Socket): Promise<void> {
    // Whoever hangs up while it waits is no failure of ours.
    socket.on('error', () => undefined);
    const told = { observer: this.#observer, logger: this.#logger };
    const admitted = admit(this.#admission, peerOf(socket), told);
    if (!admitted) {
      socket.destroy();
      return;
    }
    const ticket = observed(admitted, this.#observer);
    const deadline = setTimeout(() => {
      socket.destroy();
      ticket.close(false);
    }, this.#limits.handshakeTimeout);
    await ticket.begin();
    clearTimeout(deadline);
    this.#handOver(socket, ticket);
  }

  #handOver(socket: Socket, ticket: Ticket): void {
    const [worker] = [...this.#workers]
      .filter(({ isReady }) => isReady)
      .sort((a, b) => a.connections - b.connections);
    if (worker && !socket.destroyed && !this.#isClosing) {
      worker.serve(socket, ticket);
      return;
    }
    if (!worker) this.#logger.error({}, 'refused a connection: no worker is ready');
    socket.destroy();
    ticket.close(false);
  }
}

/** The connection is open as long as its ticket. */
function observed(ticket: Ticket, observer: ServerObserver): Ticket {
  let isOpen = true;
  observer.connectionOpened?.();
  return {
    begin: () => ticket.begin(),
    established: () => {
      ticket.established();
    },
    close: (hasFailed) => {
      ticket.close(hasFailed);
      if (isOpen) observer.connectionClosed?.();
      isOpen = false;
    },
  };
}
