import type { StoredFile } from '@e2eeftp/protocol';

import { asClientError, ClientError } from '../errors.js';
import type { Progress } from '../options.js';
import type { TogetherOutcome } from '../transfer/together/batch.js';
import type { Tally } from './tally.js';
import { TaskPool } from './task-pool.js';
import type { TreePlace } from './tree-transfer.js';

/** Items that go through a tree's transfer together: the small files among them share requests. */
export const runLength = 48;

/** Runs for each that is on its way, since the others are being read, sealed, opened or written. */
const runsForOne = 2;

/**
 * @param concurrency - files that are to be under way at once
 * @returns how many runs that are
 */
export function runsAtOnce(concurrency: number): number {
  return Math.max(1, Math.round((runsForOne * concurrency) / runLength));
}

/**
 * @param items - what comes one by one
 * @yields the same, several at once
 */
export async function* runsOf<Item>(
  items: AsyncIterable<Item>,
): AsyncGenerator<Item[], void, void> {
  let run: Item[] = [];
  for await (const item of items) {
    if (run.push(item) < runLength) continue;
    yield run;
    run = [];
  }
  if (run.length > 0) yield run;
}

/** A file of a tree that is to be transferred. */
export interface TreeFile extends TreePlace {
  /** Bytes, as far as they are known. */
  readonly size?: number | undefined;
}

/** How the files of a tree move: up or down. */
export interface TransferWay {
  /** Transfers small files together. */
  readonly together: (files: readonly TreeFile[]) => Promise<readonly TogetherOutcome[]>;
  /** Transfers one file. */
  readonly alone: (
    file: TreeFile,
    onProgress: (progress: Progress) => void,
  ) => Promise<Pick<StoredFile, 'size'>>;
  /** Hears that a file was not transferred; it throws what ends everything. */
  readonly onFailure: (place: TreePlace, error: ClientError) => void | Promise<void>;
}

/** Transfers the files of a tree: small ones together, and the others side by side. */
export class FileTransfers {
  readonly #way: TransferWay;
  readonly #tally: Tally;
  readonly #pool: TaskPool;

  /**
   * @param way - how files move
   * @param tally - counts them
   * @param concurrency - files under way by themselves at once
   */
  constructor(way: TransferWay, tally: Tally, concurrency: number) {
    this.#way = way;
    this.#tally = tally;
    this.#pool = new TaskPool(concurrency);
  }

  /**
   * Transfers several files, which may all be small.
   *
   * @param files - which
   * @returns once the small ones have come, and all others have begun
   * @throws ClientError when nothing more can be transferred
   */
  async transfer(files: readonly TreeFile[]): Promise<void> {
    const outcomes = files.length > 1 ? await this.#way.together(files) : [];
    for (const [index, file] of files.entries()) {
      const outcome = outcomes[index];
      const { local, remote } = file;
      if (outcome === undefined) await this.begin(file, () => this.#alone(file));
      else if (outcome instanceof ClientError) await this.#way.onFailure(file, outcome);
      else await this.#tally.whole({ local, remote }, outcome.size);
    }
  }

  /**
   * Does something else beside the transfers.
   *
   * @param place - what it is about
   * @param task - what to do
   * @returns once it has begun
   * @throws ClientError when nothing more can be transferred
   */
  begin(place: TreePlace, task: () => Promise<void>): Promise<void> {
    return this.#pool.add(async () => {
      try {
        await task();
      } catch (error) {
        await this.#way.onFailure(place, asClientError(error));
      }
    });
  }

  /**
   * @returns once everything has ended
   * @throws ClientError when nothing more could be transferred
   */
  end(): Promise<void> {
    return this.#pool.end();
  }

  async #alone(file: TreeFile): Promise<void> {
    const { local, remote } = file;
    const place = { local, remote };
    const { size } = await this.#way.alone(file, this.#tally.meter(place));
    await this.#tally.add({ type: 'file', ...place, size });
  }
}
