import { longestTimeout } from '../connection/timeouts.js';
import { ClientError } from '../errors.js';
import type { OperationOptions } from '../options.js';
import { followSignal } from './follow-signal.js';

/**
 * One operation's time: until it has ended, or its caller's signal or deadline, or the client's end,
 * cut it short. All of it listens to one signal of its own.
 */
export class Operation {
  readonly #controller = new AbortController();
  readonly #unfollow: (() => void) | undefined;
  readonly #deadline: NodeJS.Timeout | undefined;

  /** @param options - when the caller wants it to end */
  constructor({ signal, timeout }: OperationOptions) {
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

  /** Frees what was waiting to cut it short. */
  end(): void {
    this.#unfollow?.();
    clearTimeout(this.#deadline);
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
