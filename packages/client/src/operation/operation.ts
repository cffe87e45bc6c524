import { setMaxListeners } from 'node:events';

import { longestTimeout } from '../connection/timeouts.js';
import { ClientError } from '../errors.js';
import type { OperationOptions } from '../options.js';
import { followSignal } from './follow-signal.js';

/**
 * One operation's time: until it has ended, or its caller's signal or deadline, or the client's end,
 * cut it short. All of it listens to one signal of its own. Operations without a deadline whose callers
 * have the same signal can share one, since they are cut short together.
 */
export class Operation {
  readonly #controller = new AbortController();
  #users = 1;
  readonly #unfollow: (() => void) | undefined;
  readonly #deadline: NodeJS.Timeout | undefined;

  /** @param options - when the caller wants it to end */
  constructor({ signal, timeout }: OperationOptions) {
    // Node takes more than ten listeners for a leak; here, a thousand may share the signal.
    setMaxListeners(0, this.#controller.signal);
    if (signal?.aborted === true) {
      this.#controller.abort(signal.reason);
    } else if (signal) {
      this.#unfollow = followSignal(signal, () => {
        this.#controller.abort(signal.reason);
      });
    }
    if (timeout !== undefined && !(timeout > longestTimeout)) {
      this.#deadline = setTimeout(() => {
        const message = `It was not done within ${timeout} ms; try again, or allow more time`;
        this.cut(new ClientError('timed-out', message));
      }, timeout);
    }
  }

  /** Speaks when the operation is cut short; what it waits for gives up then. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Cuts the operation short.
   *
   * @param reason - what it fails with
   */
  cut(reason: ClientError): void {
    this.#controller.abort(reason);
  }

  /** @returns the same for one more user, who ends it too */
  share(): this {
    this.#users += 1;
    return this;
  }

  /**
   * Frees what was waiting to cut it short, once its last user has ended it.
   *
   * @returns whether that was the last one
   */
  end(): boolean {
    this.#users -= 1;
    if (this.#users > 0) return false;
    this.#unfollow?.();
    clearTimeout(this.#deadline);
    return true;
  }
}

/**
 * Carries out one operation.
 *
 * @param options - when the caller wants it to end
 * @param task - what to do until the signal speaks
 * @returns what the task returns
 * @throws what the task throws
 */
export async function runOperation<Result>(
  options: OperationOptions,
  task: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const operation = new Operation(options);
  try {
    return await task(operation.signal);
  } finally {
    operation.end();
  }
}
