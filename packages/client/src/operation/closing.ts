import type { ConnectionPool } from '../connection/connection-pool.js';
import { longestTimeout } from '../connection/timeouts.js';
import type { TransferContext } from '../transfer/transfer-context.js';
import type { Operations } from './operations.js';

/** Milliseconds in which servers may answer the farewell of a client that has no more time. */
const farewell = 1000;

/** The end of a client: first what it does, then its connections, then what its transfers shared. */
export class Closing {
  /** Settles once the connections have ended and everything is freed. */
  readonly ended: Promise<void>;
  readonly #operations: Operations;
  readonly #pool: ConnectionPool;
  readonly #transfers: TransferContext;
  readonly #timers = new Set<NodeJS.Timeout>();
  #hasEnded = false;

  /**
   * @param operations - what the client does
   * @param pool - its connections
   * @param transfers - what its transfers share
   */
  constructor(operations: Operations, pool: ConnectionPool, transfers: TransferContext) {
    this.#operations = operations;
    this.#pool = pool;
    this.#transfers = transfers;
    this.ended = this.#run();
  }

  /**
   * Ends it sooner.
   *
   * @param timeout - milliseconds after which what is still under way is cut short
   */
  hurry(timeout: number): void {
    this.#after(timeout, () => {
      this.#operations.cut();
      this.#after(farewell, () => {
        this.#pool.destroy();
      });
    });
  }

  async #run(): Promise<void> {
    try {
      await this.#operations.close();
      await this.#pool.close();
      await this.#transfers.close();
    } finally {
      this.#hasEnded = true;
      for (const timer of this.#timers) clearTimeout(timer);
    }
  }

  #after(milliseconds: number, task: () => void): void {
    if (this.#hasEnded) return;
    this.#timers.add(setTimeout(task, Math.min(milliseconds, longestTimeout)));
  }
}
