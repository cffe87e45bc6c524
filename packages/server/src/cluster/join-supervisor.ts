import { acceptSocket } from '@e2eeftp/transport';

import type { Ticket } from '../admission/admission.js';
import type { RequestPacing } from '../admission/request-rates.js';
import type { ServerObserver } from '../observer.js';
import { ServerError } from '../server-error.js';
import type { Server } from '../server.js';
import type { StoreCoordination } from '../store/coordination.js';
import type { SupervisorMethods, WorkerMethods } from './methods.js';
import { EventSender } from './event-sender.js';
import { ProcessLink } from './process-link.js';
import { RemoteCoordination } from './remote-coordination.js';
import { RemoteRequestRates } from './remote-request-rates.js';

/** What a worker's program does for its supervisor. */
export interface WorkerDuties {
  /** Serves the connections. */
  readonly server: Server;
  /** Called with what the supervisor's program wants its workers to know now. */
  readonly onReconfigure?: (configuration: unknown) => void;
  /** Called once: ends the server and everything else; the process ends then. */
  readonly onShutDown: () => Promise<void>;
}

/** A worker's place beside the others. */
export interface WorkerPlace {
  /** What the supervisor's program wants its workers to know. */
  readonly configuration: unknown;
  /** For the store: what all workers have to agree upon. */
  readonly coordination: StoreCoordination;
  /**
   * @param requestRate - requests a second and identity, as the supervisor has it
   * @returns for the server: how fast clients may ask
   */
  pacing(requestRate: number): RequestPacing;
  /** For the server: tells the supervisor what it does. */
  readonly observer: ServerObserver;
  /**
   * Takes connections from now on.
   *
   * @param duties - what the worker does
   */
  begin(duties: WorkerDuties): void;
}

/**
 * Makes this process, which a `Supervisor` has started, one of its workers.
 *
 * @returns its place
 * @throws ServerError `not-running` when no supervisor has started this process, or it has ended
 */
export async function joinSupervisor(): Promise<WorkerPlace> {
  const parent = process;
  if (!parent.send) {
    throw new ServerError('not-running', 'A worker is started by its supervisor, not by hand');
  }
  let duties: WorkerDuties | undefined;
  /** Set when it has changed since this process has asked. */
  let latest: { readonly configuration: unknown } | undefined;
  const shutDown = (): void => {
    const { onShutDown } = duties ?? { onShutDown: () => Promise.resolve() };
    duties = undefined;
    void onShutDown().finally(() => {
      events.flush();
      // What was told is on its way once the channel is closed.
      if (parent.connected) parent.disconnect();
      else process.exit();
    });
  };
  const link: ProcessLink<WorkerMethods, SupervisorMethods> = new ProcessLink<
    WorkerMethods,
    SupervisorMethods
  >(parent, {
    serve: ({ connection }, socket) => {
      const ticket = ticketFor(link, connection);
      if (!socket || !duties) ticket.close(false);
      else duties.server.accept(acceptSocket(socket), ticket);
    },
    revoke: ({ lease }) => {
      coordination.revoke(lease);
    },
    reconfigure: ({ configuration }) => {
      latest = { configuration };
      duties?.onReconfigure?.(configuration);
    },
    shutDown,
  });
  const coordination = new RemoteCoordination(link);
  const events = new EventSender((batch) => {
    link.tell('observed', { events: batch });
  });
  // Without a supervisor nobody says whose turn it is any more.
  parent.once('disconnect', shutDown);
  return {
    configuration: await link.call('configuration', {}),
    coordination,
    pacing: (requestRate) =>
      new RemoteRequestRates(requestRate, (args) => link.call('takeRequests', args)),
    observer: events.observer,
    begin: (given) => {
      duties = given;
      if (latest) given.onReconfigure?.(latest.configuration);
      link.tell('ready', {});
    },
  };
}

function ticketFor(
  link: ProcessLink<WorkerMethods, SupervisorMethods>,
  connection: number,
): Ticket {
  return {
    // The supervisor has waited for that already.
    begin: () => Promise.resolve(),
    established: () => {
      link.tell('established', { connection });
    },
    close: (hasFailed) => {
      link.tell('closed', { connection, hasFailed });
    },
  };
}
