import { setTimeout as delay } from 'node:timers/promises';

import {
  asClientError,
  throwIfAborted,
  type ClientError,
  type ClientErrorCode,
} from '../errors.js';

/** Failures of the way to the server, or of its moment: another attempt may succeed. */
const passing: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'unreachable',
  'disconnected',
  'timed-out',
  'shutting-down',
  'too-many-requests',
]);

const firstDelay = 250;
const longestDelay = 15_000;

/** An attempt that failed and will be made again. */
export interface Retry {
  /** Why it failed. */
  readonly error: ClientError;
  /** Counted from 1, anew whenever something has moved. */
  readonly attempt: number;
  /** Milliseconds until the next attempt. */
  readonly delay: number;
}

/** How often to try again. */
export interface RetryOptions {
  /** Attempts after the first one in which nothing moves. */
  readonly retries: number;
  /** Ends the waiting, and all attempts. */
  readonly signal: AbortSignal | undefined;
  /** Hears of each attempt that will be made again. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/**
 * @param error - what an attempt failed with
 * @returns whether another attempt may succeed
 */
export function isPassing({ code }: ClientError): boolean {
  return passing.has(code);
}

/** Decides whether there is another attempt, and when. */
export class Retries {
  readonly #options: RetryOptions;
  #failures = 0;

  /** @param options - how often */
  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /** Something has moved: all retries are given anew. */
  progress(): void {
    this.#failures = 0;
  }

  /**
   * Waits until the next attempt is due, each time longer.
   *
   * @param cause - what the last attempt failed with
   * @throws ClientError that failure, when there is no other attempt; `aborted`
   */
  async next(cause: unknown): Promise<void> {
    const { retries, signal, onRetry } = this.#options;
    const error = asClientError(cause);
    this.#failures += 1;
    const attempt = this.#failures;
    if (!isPassing(error) || attempt > retries || signal?.aborted === true) throw error;
    const wait = backoff(attempt);
    onRetry?.({ error, attempt, delay: wait });
    await pause(wait, signal);
  }
}

/**
 * Makes an attempt, and makes it again while it fails for reasons that pass, ever more slowly.
 *
 * @param options - how often
 * @param attempt - what to do; it calls `progress` when something has moved, and is then given all
 *   retries anew
 * @returns what the attempt returns
 * @throws ClientError what the last attempt failed with
 */
export async function withRetries<Result>(
  options: RetryOptions,
  attempt: (progress: () => void) => Promise<Result>,
): Promise<Result> {
  const retries = new Retries(options);
  for (;;) {
    try {
      return await attempt(() => {
        retries.progress();
      });
    } catch (error) {
      await retries.next(error);
    }
  }
}

/** Not all at once: a server that comes back meets everybody's next attempt. */
function backoff(failures: number): number {
  const longest = Math.min(firstDelay * 2 ** (failures - 1), longestDelay);
  return Math.round(longest * (0.5 + Math.random() / 2));
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
  throwIfAborted(signal);
}
