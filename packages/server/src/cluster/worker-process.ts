import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

import type { Ticket } from '../admission/admission.js';
import type { RequestRates } from '../admission/request-rates.js';
import type { ServerObserver } from '../observer.js';
import type { StoreCoordination } from '../store/coordination.js';
import { HeldByWorker } from './held-by-worker.js';
import type { SupervisorMethods, WorkerEvent, WorkerMethods } from './methods.js';
import { ProcessLink } from './process-link.js';

/** What a worker's process is given. */
export interface WorkerProcessOptions {
  readonly coordination: StoreCoordination;
  readonly rates: RequestRates;
  /** What the worker's program is told when it asks. */
  readonly configuration: () => unknown;
  readonly observer: ServerObserver;
  /** Hears that the worker can take connections. */
  readonly onReady: () => void;
  /** Hears that its process is gone, and how it ended. */
  readonly onExit: (how: string) => void;
}

/** A worker as its supervisor sees it: a process that serves some of the connections. */
export class WorkerProcess {
  readonly #process: ChildProcess;
  readonly #link: ProcessLink<SupervisorMethods, WorkerMethods>;
  readonly #held: HeldByWorker;
  readonly #tickets = new Map<number, Ticket>();
  readonly #exited: Promise<void>;
  #lastConnection = 0;
  #isReady = false;

  /**
   * @param process - the process, just started
   * @param options - what it is given
   */
  constructor(process: ChildProcess, options: WorkerProcessOptions) {
    const { coordination, rates, configuration, observer, onReady, onExit } = options;
    this.#process = process;
    this.#held = new HeldByWorker(coordination, (lease) => {
      this.#link.tell('revoke', { lease });
    });
    this.#link = new ProcessLink<SupervisorMethods, WorkerMethods>(process, {
      configuration,
      ready: () => {
        this.#isReady = true;
        onReady();
      },
      lock: ({ lock, paths }) => this.#held.lock(lock, paths),
      unlock: ({ lock }) => {
        this.#held.unlock(lock);
      },
      lease: ({ lease, name }) => this.#held.lease(lease, name),
      release: ({ lease }) => {
        this.#held.release(lease);
      },
      reserveEntries: ({ folder, entries }) => this.#held.reserveEntries(folder, entries),
      settleEntries: ({ folder, entries, added }) => {
        this.#held.settleEntries(folder, entries, added);
      },
      entryRemoved: ({ folder }) => {
        coordination.room.removed(folder);
      },
      folderGone: ({ folder }) => {
        coordination.room.forget(folder);
      },
      reserve: (claim) => this.#held.reserve(claim),
      uploadEnded: ({ upload, kept }) => {
        this.#held.uploadEnded(upload, kept);
      },
      uploadLost: ({ upload }) => {
        this.#held.uploadLost(upload);
      },
      changed: (change) => {
        this.#held.changed(change);
      },
      isBorder: ({ from, to }) => coordination.usage.isBorder(from, to),
      used: ({ home }) => coordination.usage.used(home),
      takeRequests: ({ identity, count }) => rates.take(identity, count),
      established: ({ connection }) => this.#tickets.get(connection)?.established(),
      closed: ({ connection, hasFailed }) => {
        this.#tickets.get(connection)?.close(hasFailed);
        this.#tickets.delete(connection);
      },
      observed: ({ events }) => {
        for (const event of events) tell(observer, event);
      },
    });
    this.#exited = new Promise((resolve) => {
      process.once('error', () => {
        // It was not started, or cannot be reached: it will exit, or never was.
        process.kill('SIGKILL');
        if (process.pid === undefined) this.#end('it could not be started', onExit, resolve);
      });
      process.once('exit', (code, signal) => {
        this.#end(signal ?? `exit code ${code ?? 'unknown'}`, onExit, resolve);
      });
    });
  }

  /** The process, for logs. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Whether it takes connections. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Connections that it serves now. */
  get connections(): number {
    return this.#tickets.size;
  }

  /**
   * Hands a connection over.
   *
   * @param socket - the connection, paused
   * @param ticket - hears what becomes of it
   */
  serve(socket: Socket, ticket: Ticket): void {
    const connection = ++this.#lastConnection;
    this.#tickets.set(connection, ticket);
    this.#link.tell('serve', { connection }, socket);
  }

  /**
   * @param configuration - what the worker's program is to take over
   * @returns once it has, or is gone: the one in its place asks for itself
   */
  async reconfigure(configuration: unknown): Promise<void> {
    await this.#link.call('reconfigure', { configuration }).catch(() => undefined);
  }

  /**
   * Lets the worker end what it is doing.
   *
   * @param patience - milliseconds after which its process is killed
   * @returns once it is gone
   */
  async shutDown(patience: number): Promise<void> {
    this.#isReady = false;
    this.#link.tell('shutDown', {});
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), patience);
    await this.#exited;
    clearTimeout(timer);
  }

  #end(how: string, onExit: (how: string) => void, resolve: () => void): void {
    this.#isReady = false;
    this.#link.close();
    this.#held.releaseAll();
    for (const ticket of this.#tickets.values()) ticket.close(false);
    this.#tickets.clear();
    onExit(how);
    resolve();
  }
}

function tell(observer: ServerObserver, event: WorkerEvent): void {
  switch (event[0]) {
    case 'handshakeEnded':
      observer.handshakeEnded?.(event[1], event[2]);
      break;
    case 'commandAnswered':
      observer.commandAnswered?.(event[1]);
      break;
    case 'fileStored':
      observer.fileStored?.(event[1]);
      break;
  }
}
