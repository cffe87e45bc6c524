import type { RemotePath } from '@e2eeftp/protocol';

import type { Change, Claim, KeptUpload, Usage } from '../store/usage/usage.js';
import type { SupervisorMethods, WorkerMethods } from './methods.js';
import type { ProcessLink } from './process-link.js';

/** The way to the supervisor. */
export type SupervisorLink = Pick<ProcessLink<WorkerMethods, SupervisorMethods>, 'call' | 'tell'>;

/** Keeps count by asking and telling the supervisor, which does so for all workers. */
export class RemoteUsage implements Usage {
  /** What the supervisor has said last, which it does with every lock. */
  clock = 0;
  readonly #supervisor: SupervisorLink;

  /** @param supervisor - the way to it */
  constructor(supervisor: SupervisorLink) {
    this.#supervisor = supervisor;
  }

  reserve(claim: Claim): Promise<boolean> {
    return this.#supervisor.call('reserve', claim);
  }

  uploadEnded(upload: string, kept?: KeptUpload): void {
    this.#supervisor.tell('uploadEnded', { upload, kept });
  }

  uploadLost(upload: string): void {
    this.#supervisor.tell('uploadLost', { upload });
  }

  changed(change: Change): void {
    this.#supervisor.tell('changed', change);
  }

  isBorder(from: RemotePath, to?: RemotePath): Promise<boolean> {
    return this.#supervisor.call('isBorder', { from, to });
  }

  used(home: RemotePath): Promise<number> {
    return this.#supervisor.call('used', { home });
  }
}
