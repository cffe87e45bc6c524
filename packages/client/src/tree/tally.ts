import type { ClientError, ClientErrorCode } from '../errors.js';
import type { Progress } from '../options.js';
import {
  keptFailures,
  type TreeFailure,
  type TreeOptions,
  type TreeOutcome,
  type TreePlace,
  type TreeResult,
  type TreeSize,
} from './tree-transfer.js';

/** Failures that every other file would meet too. */
export const endsEverything: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'unreachable',
  'disconnected',
  'timed-out',
  'not-e2eeftp',
  'shutting-down',
  'unknown-server',
  'changed-server',
  'not-authorized',
  'aborted',
  'closed',
]);

/**
 * Counts what becomes of the files and folders of a tree, and tells the caller.
 */
export class Tally {
  readonly #options: TreeOptions;
  readonly #failures: TreeFailure[] = [];
  #files = 0;
  #directories = 0;
  #bytes = 0;
  #skipped = 0;
  #failed = 0;
  /** Bytes of files under way, and of files that are done. */
  #movedBytes = 0;

  readonly #found: (() => TreeSize) | undefined;

  /**
   * @param options - who is to be told
   * @param found - says how much there is to transfer
   */
  constructor(options: TreeOptions, found?: () => TreeSize) {
    this.#options = options;
    this.#found = found;
  }

  /** What became of the tree so far. */
  get result(): TreeResult {
    return {
      files: this.#files,
      directories: this.#directories,
      bytes: this.#bytes,
      skipped: this.#skipped,
      failed: this.#failed,
      failures: this.#failures,
    };
  }

  /**
   * @param outcome - what became of one file or folder
   * @returns once the caller has heard of it; nothing when the caller takes no time for that
   */
  add(outcome: TreeOutcome): void | Promise<void> {
    switch (outcome.type) {
      case 'file':
        this.#files += 1;
        this.#bytes += outcome.size;
        break;
      case 'directory':
        this.#directories += 1;
        break;
      case 'skipped':
        this.#skipped += 1;
        break;
      case 'failed':
        this.#failed += 1;
        if (this.#failures.length < keptFailures) this.#failures.push(outcome);
        break;
    }
    return this.#options.onOutcome?.(outcome);
  }

  /**
   * Notes that a file has come as a whole.
   *
   * @param place - which
   * @param size - its bytes
   * @returns once the caller has heard of it; nothing when the caller takes no time for that
   */
  whole(place: TreePlace, size: number): void | Promise<void> {
    if (this.#options.onProgress) this.meter(place)({ transferred: size, total: size });
    return this.add({ type: 'file', ...place, size });
  }

  /**
   * Notes that one file or folder failed.
   *
   * @param place - which
   * @param error - why
   * @throws the error itself when every other file would meet it too
   */
  async fail(place: TreePlace, error: ClientError): Promise<void> {
    if (endsEverything.has(error.code)) throw error;
    await this.add({ type: 'failed', ...place, error });
  }

  /**
   * @param place - one more file
   * @returns what is to hear of its progress
   */
  meter(place: TreePlace): (progress: Progress) => void {
    let before = 0;
    return (progress) => {
      this.#movedBytes += progress.transferred - before;
      before = progress.transferred;
      const current = { ...place, ...progress };
      const found = this.#found?.();
      this.#options.onProgress?.({ files: this.#files, bytes: this.#movedBytes, current, found });
    };
  }
}
