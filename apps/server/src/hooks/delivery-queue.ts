import { setTimeout as delay } from 'node:timers/promises';

import { printable, type Logger } from '@e2eeftp/server';

import { HookFailure } from './hook-failure.js';
import type { UploadEvent } from './upload-event.js';

/** What becomes of telling a hook of an upload. */
export type DeliveryOutcome = 'delivered' | 'failed' | 'dropped';

/** Hears of deliveries, for metrics. */
export interface DeliveryObserver {
  /** @param outcome - what became of a delivery */
  ended(outcome: DeliveryOutcome): void;
  /** A delivery is tried again. */
  retried(): void;
}

/** How a {@link DeliveryQueue} works. */
export interface DeliveryQueueOptions {
  /** What is told, for the log. */
  readonly hook: string;
  /** Tells the hook; it throws a HookFailure. */
  readonly deliver: (event: UploadEvent, signal: AbortSignal) => Promise<void>;
  /** Milliseconds that one try may take; asked before each. */
  readonly timeout: () => number;
  readonly logger: Logger;
  readonly observer?: DeliveryObserver | undefined;
  /** Milliseconds before the second try; each further wait is twice as long. */
  readonly firstDelay?: number;
}

/** Uploads that wait for their turn; who sends faster than the hook works makes it lose some. */
const longestQueue = 1000;
/** Deliveries under way at once. */
const concurrency = 4;
const attempts = 6;

/**
 * Tells one hook of uploads, beside the transfers and never in their way. It tries again what
 * failed, a few times; what it is told of may come twice and in any order.
 */
export class DeliveryQueue {
  readonly #options: DeliveryQueueOptions;
  readonly #waiting: UploadEvent[] = [];
  readonly #workers = new Set<Promise<void>>();
  /** Ends what is under way. */
  readonly #abort = new AbortController();
  #isClosed = false;

  /** @param options - how it works */
  constructor(options: DeliveryQueueOptions) {
    this.#options = options;
  }

  /** Uploads that wait for their turn. */
  get length(): number {
    return this.#waiting.length;
  }

  /** @param event - what to tell; it is dropped when there is too much to tell already */
  push(event: UploadEvent): void {
    if (this.#isClosed || this.#waiting.length >= longestQueue) {
      this.#drop(event, 'too many are waiting');
      return;
    }
    this.#waiting.push(event);
    if (this.#workers.size >= concurrency) return;
    const worker = this.#work().finally(() => {
      this.#workers.delete(worker);
    });
    this.#workers.add(worker);
  }

  /** @param reason - why what waits is not told after all */
  dropAll(reason: string): void {
    for (const event of this.#waiting.splice(0)) this.#drop(event, reason);
  }

  /**
   * Takes nothing more, and ends.
   *
   * @param patience - milliseconds after which what is not told then is dropped
   */
  async close(patience: number): Promise<void> {
    this.#isClosed = true;
    const timer = setTimeout(() => {
      this.dropAll('the server ends');
      this.#abort.abort();
    }, patience);
    await Promise.all(this.#workers);
    clearTimeout(timer);
  }

  async #work(): Promise<void> {
    for (let event = this.#waiting.shift(); event; event = this.#waiting.shift()) {
      await this.#deliver(event);
    }
  }

  async #deliver(event: UploadEvent): Promise<void> {
    const { hook, logger, observer, firstDelay = 1000 } = this.#options;
    const about = { hook, path: printable(event.path), id: event.id };
    for (let attempt = 1; ; attempt++) {
      const failure = await this.#attempt(event);
      if (!failure) {
        logger.info({ ...about, attempt }, 'an upload hook was told');
        observer?.ended('delivered');
        return;
      }
      const fields = { ...about, attempt, reason: printable(failure.message) };
      const isLast = attempt === attempts || !failure.isPassing || this.#abort.signal.aborted;
      if (isLast) {
        logger.error(fields, 'an upload hook could not be told');
        observer?.ended('failed');
        return;
      }
      logger.warn(fields, 'an upload hook failed and is tried again');
      observer?.retried();
      const { signal } = this.#abort;
      await delay(firstDelay * 2 ** (attempt - 1), undefined, { signal }).catch(() => undefined);
    }
  }

  async #attempt(event: UploadEvent): Promise<HookFailure | undefined> {
    const { hook, deliver, timeout, logger } = this.#options;
    const attempt = new AbortController();
    const stop = (): void => {
      attempt.abort();
    };
    const timer = setTimeout(stop, timeout());
    this.#abort.signal.addEventListener('abort', stop, { once: true });
    try {
      if (this.#abort.signal.aborted) return new HookFailure('the server ends');
      await deliver(event, attempt.signal);
      return undefined;
    } catch (error) {
      if (error instanceof HookFailure) return error;
      // A fault of ours must not end the server.
      logger.error({ hook, err: error }, 'an upload hook has a fault');
      return new HookFailure('for an unknown reason', { isPassing: false, cause: error });
    } finally {
      clearTimeout(timer);
      this.#abort.signal.removeEventListener('abort', stop);
    }
  }

  #drop({ path, id }: UploadEvent, reason: string): void {
    const { hook, logger, observer } = this.#options;
    logger.error({ hook, path: printable(path), id, reason }, 'an upload hook is not told');
    observer?.ended('dropped');
  }
}
