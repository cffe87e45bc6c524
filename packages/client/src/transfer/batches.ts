import { limits } from '@e2eeftp/protocol';

import { abortedError, asClientError, throwIfAborted } from '../errors.js';
import { followSignal } from '../operation/follow-signal.js';

/** Batches under way at once: one that is worked on, and others on their way. */
const batchesAtOnce = 3;

/** Files of a batch: more gain nothing, and fewer batches would be under way. */
const filesOfBatch = 48;

/** Bytes of a request for all that is no path, and what a file takes of it besides its path. */
const overhead = { request: 1024, file: 256 };

/** What an item takes of the batch that it is in. */
export interface BatchItem {
  /** The file's path on the server. */
  readonly path: string;
  /** Bytes of the file, as far as they are known. */
  readonly size: number;
}

/** Asks for several items; returns the result of each, or why there is none. */
type Ask<Item, Result> = (
  items: readonly Item[],
  signal: AbortSignal,
) => Promise<readonly PromiseSettledResult<Result>[]>;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: Error) => void;
  /** Whether nobody waits for it any more. */
  isGivenUp: boolean;
  /** Hears that nobody waits for it any more. */
  onGivenUp?: () => void;
}

/**
 * Collects small files that are asked for at about the same time, and asks for them together: a
 * request of its own, with its records and its answer, costs as much as such a file itself.
 */
export class Batches<Item extends BatchItem, Result> {
  readonly #ask: Ask<Item, Result>;
  #queue: Waiting<Item, Result>[] = [];
  #underWay = 0;
  #isScheduled = false;

  /** @param ask - asks for several items */
  constructor(ask: Ask<Item, Result>) {
    this.#ask = ask;
  }

  /**
   * Asks for a file, together with others that are asked for now.
   *
   * @param item - the file, no larger than one of a batch may be
   * @param signal - ends the wait for it, and the request when nobody waits for any other of it
   * @returns what the server answers about it
   * @throws ClientError
   */
  add(item: Item, signal: AbortSignal | undefined): Promise<Result> {
    return new Promise((resolve, reject) => {
      throwIfAborted(signal);
      const giveUp = (): void => {
        waiting.isGivenUp = true;
        waiting.onGivenUp?.();
        if (signal) reject(abortedError(signal));
      };
      const waiting: Waiting<Item, Result> = {
        item,
        isGivenUp: false,
        resolve: (result) => {
          unfollow?.();
          resolve(result);
        },
        reject: (reason) => {
          unfollow?.();
          reject(reason);
        },
      };
      const unfollow = signal && followSignal(signal, giveUp);
      this.#queue.push(waiting);
      this.#schedule();
    });
  }

  /** What is asked for in this turn of the event loop goes together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      while (this.#underWay < batchesAtOnce) {
        const batch = this.#take();
        if (batch.length === 0) return;
        void this.#send(batch);
      }
    });
  }

  /** While something is under way, only a whole batch is worth a request. */
  #take(): Waiting<Item, Result>[] {
    const waiting = this.#queue.filter(({ isGivenUp }) => !isGivenUp);
    let request = overhead.request;
    let bytes = 0;
    const end = waiting.findIndex(({ item }, index) => {
      request += Buffer.byteLength(item.path) + overhead.file;
      bytes += item.size;
      const isTooMuch = request > limits.request || bytes > limits.batchSize;
      return index > 0 && (index === filesOfBatch || isTooMuch);
    });
    const isWhole = end >= 0 || waiting.length >= filesOfBatch;
    const batch =
      isWhole || this.#underWay === 0 ? waiting.splice(0, end < 0 ? Infinity : end) : [];
    this.#queue = waiting;
    return batch;
  }

  async #send(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    this.#underWay += 1;
    try {
      const results = await this.#askUntilGivenUp(batch);
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index];
        if (result?.status === 'fulfilled') resolve(result.value);
        else reject(asClientError(result?.reason));
      }
    } catch (error) {
      for (const { reject } of batch) reject(asClientError(error));
    } finally {
      this.#underWay -= 1;
      if (this.#queue.length > 0) this.#schedule();
    }
  }

  #askUntilGivenUp(
    batch: readonly Waiting<Item, Result>[],
  ): Promise<readonly PromiseSettledResult<Result>[]> {
    const controller = new AbortController();
    let wanted = batch.length;
    for (const waiting of batch) {
      waiting.onGivenUp = () => {
        wanted -= 1;
        if (wanted === 0) controller.abort();
      };
    }
    return this.#ask(
      batch.map(({ item }) => item),
      controller.signal,
    );
  }
}
