import { acceptSocket } from '@e2eeftp/transport';

import type { Ticket } from '../admission/admission.js';
import type { RequestPacing } from '../admission/request-rates.js';
import { ServerError } from '../server-error.js';
import type { Server } from '../server.js';
import type { StoreCoordination } from '../store/coordination.js';
import type { SupervisorMethods, WorkerMethods } from './methods.js';
import { ProcessLink } from './process-link.js';
import { RemoteCoordination } from './remote-coordination.js';
import { RemoteRequestRates } from './remote-request-rates.js';

/** What a worker's program does for its supervisor. */
export interface WorkerDuties {
  /** Serves the connections. */
  readonly server: Server;
  /** Called once: ends the server and everything else, and then the process. */
  readonly onShutDown: () => void;
  /** Tells what was counted, for metrics; it must be possible to copy it. */
  readonly report?: (() => unknown) | undefined;
}

/** A worker's place beside the others. */
export interface WorkerPlace {
  /** For the store: what all workers have to agree upon. */
  readonly coordination: StoreCoordination;
  /** For the server: how fast clients may ask. */
  readonly pacing: RequestPacing;
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
 * @param requestRate - requests a second and identity, as the supervisor has it
 * @returns its place
 * @throws ServerError `not-running` when no supervisor has started this process
 */
export function joinSupervisor(requestRate: number): WorkerPlace {
  const parent = process;
  if (!parent.send) {
    throw new ServerError('not-running', 'A worker is started by its supervisor, not by hand');
  }
  let duties: WorkerDuties | undefined;
  const shutDown = (): void => {
    const ended = duties;
    duties = undefined;
    if (ended) ended.onShutDown();
    else process.exit();
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
    shutDown,
    report: () => Promise.resolve(duties?.report?.()),
  });
  const coordination = new RemoteCoordination(link);
  // Without a supervisor nobody says whose turn it is any more.
  parent.once('disconnect', shutDown);
  return {
    coordination,
    pacing: new RemoteRequestRates(requestRate, (args) => link.call('takeRequests', args)),
    begin: (given) => {
      duties = given;
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
