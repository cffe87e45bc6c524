import type { TreeOptions, TreeOutcome } from '@e2eeftp/client';

import { combineExitCodes, type ExitCode } from './exit-code.js';
import { failureOf } from './failure.js';
import { standardStream } from './local-name.js';
import type { Output } from './output.js';
import { formatCount, formatDuration, formatSize } from './quantities.js';
import { TransferProgress, type TransferState } from './transfer-progress.js';

const skipReasons = {
  'symbolic-link': 'it is a symbolic link',
  'special-file': 'it is neither file nor folder',
  exists: 'it exists',
} as const;

/** Tells of transfers: how far they are, what became of each, and what became of all. */
export class TransferReport implements Pick<TreeOptions, 'onOutcome' | 'onProgress'> {
  readonly #output: Output;
  readonly #direction: 'sent' | 'received';
  readonly #start = performance.now();
  readonly #progress = new TransferProgress();
  readonly #exitCodes = new Set<ExitCode>();
  #files = 0;
  #directories = 0;
  #bytes = 0;
  #skipped = 0;
  #failed = 0;
  /** The only file so far. */
  #onlyFile: string | undefined;

  /**
   * @param output - where to tell
   * @param direction - what is done
   */
  constructor(output: Output, direction: 'sent' | 'received') {
    this.#output = output;
    this.#direction = direction;
  }

  /** What the exit code says about all of them. */
  get exitCode(): ExitCode {
    return combineExitCodes(this.#exitCodes);
  }

  readonly onProgress = (state: TransferState): void => {
    this.#progress.update(state, performance.now());
    this.#output.progress((room) => this.#progress.lines(room, performance.now()));
  };

  readonly onOutcome = async (outcome: TreeOutcome): Promise<void> => {
    const { type, local, remote } = outcome;
    this.#progress.end(outcome);
    switch (type) {
      case 'file':
        this.#files += 1;
        this.#bytes += outcome.size;
        this.#onlyFile = this.#way(local, remote).join(' to ');
        await this.#output.fact({ ...outcome }, `${remote}  ${formatSize(outcome.size)}`);
        break;
      case 'directory':
        this.#directories += 1;
        await this.#output.fact({ ...outcome }, `${remote}/`);
        break;
      case 'skipped': {
        this.#skipped += 1;
        const [from, to] = this.#way(local, remote);
        const what = outcome.reason === 'exists' ? to : from;
        await this.#output.event({ ...outcome }, `Skipped ${what}: ${skipReasons[outcome.reason]}`);
        break;
      }
      case 'failed': {
        this.#failed += 1;
        const failure = failureOf(outcome.error);
        this.#exitCodes.add(failure.exitCode);
        await this.#output.failure(failure, { local, remote });
        break;
      }
    }
  };

  /** Says what became of all of them, unless nothing did. */
  async finish(): Promise<void> {
    const milliseconds = performance.now() - this.#start;
    const files = this.#files;
    const directories = this.#directories;
    const skipped = this.#skipped;
    const failed = this.#failed;
    const bytes = this.#bytes;
    this.#output.endProgress();
    const seconds = Math.round(milliseconds) / 1000;
    const counts = { files, directories, bytes, skipped, failed };
    const text = files + directories > 0 ? this.#summary(milliseconds) : undefined;
    await this.#output.event({ type: 'summary', ...counts, seconds }, text);
  }

  #way(local: string, remote: string): [from: string, to: string] {
    const isStream = local === standardStream;
    if (this.#direction === 'sent') return [isStream ? 'standard input' : local, remote];
    return [remote, isStream ? 'standard output' : local];
  }

  #summary(milliseconds: number): string {
    const verb = this.#direction === 'sent' ? 'Sent' : 'Received';
    const isSingle = this.#files === 1 && this.#directories === 0 && this.#onlyFile !== undefined;
    const what = isSingle ? this.#onlyFile : formatCount(this.#files, 'file', 'files');
    const amount = `${formatSize(this.#bytes)} in ${formatDuration(milliseconds)} (${this.#rate(this.#bytes)})`;
    const rest = [];
    if (this.#skipped > 0) rest.push(`${this.#skipped} skipped`);
    if (this.#failed > 0) rest.push(`${this.#failed} failed`);
    return [`${verb} ${what}: ${amount}`, ...rest].join(', ');
  }

  #rate(bytes: number): string {
    const milliseconds = Math.max(1, performance.now() - this.#start);
    return `${formatSize(Math.round((bytes / milliseconds) * 1000))}/s`;
  }
}
