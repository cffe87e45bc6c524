import {
  formatRemotePath,
  plainTree,
  type SyncOptions,
  type SyncOutcome,
  type SyncResult,
  type TreePlace,
  type TreeProgress,
} from '@e2eeftp/client';

import { combineExitCodes, type ExitCode } from './exit-code.js';
import { failureOf } from './failure.js';
import { standardStream } from './local-name.js';
import type { Output } from './output.js';
import { formatCount, formatDuration, formatSize } from './quantities.js';
import { TransferProgress } from './transfer-progress.js';

const skipReasons = {
  'symbolic-link': 'it is a symbolic link',
  'link-loop': 'it is a symbolic link that leads in a circle, or through too many others',
  'special-file': 'it is neither file nor folder',
  exists: 'it exists',
} as const;

const verbs = {
  sent: { done: 'Sent', dry: 'Would send' },
  received: { done: 'Received', dry: 'Would receive' },
} as const;

/** Tells of transfers: how far they are, what became of each, and what became of all. */
export class TransferReport {
  readonly #output: Output;
  readonly #direction: 'sent' | 'received';
  readonly #isDryRun: boolean;
  readonly #tree: string;
  readonly #start = performance.now();
  readonly #progress = new TransferProgress();
  readonly #exitCodes = new Set<ExitCode>();
  #files = 0;
  #directories = 0;
  #bytes = 0;
  #skipped = 0;
  #failed = 0;
  /** The last file so far. */
  #lastFile: SyncOutcome | undefined;

  /**
   * @param output - where to tell
   * @param direction - what is done
   * @param options - what else there is to know
   * @param options.isDryRun - whether it is only said
   * @param options.tree - whose paths the remote ones are
   */
  constructor(
    output: Output,
    direction: 'sent' | 'received',
    { isDryRun = false, tree = plainTree }: { isDryRun?: boolean; tree?: string } = {},
  ) {
    this.#output = output;
    this.#direction = direction;
    this.#isDryRun = isDryRun;
    this.#tree = tree;
  }

  /** What is to hear of a tree; of its progress only where that is shown, since counting costs. */
  get listeners(): Pick<SyncOptions, 'onOutcome' | 'onProgress'> {
    const { onOutcome, onProgress } = this;
    return this.#output.isWatched ? { onOutcome, onProgress } : { onOutcome };
  }

  /** What the exit code says about all of them. */
  get exitCode(): ExitCode {
    return combineExitCodes(this.#exitCodes);
  }

  readonly onProgress = (state: TreeProgress): void => {
    this.#progress.update(state, performance.now());
    this.#output.progress((room) => this.#progress.lines(room, performance.now()));
  };

  readonly onOutcome = async (inTree: SyncOutcome): Promise<void> => {
    this.#progress.end(inTree);
    const outcome = this.#named(inTree);
    const { type, local, remote } = outcome;
    switch (type) {
      case 'file':
        this.#files += 1;
        this.#bytes += outcome.size;
        this.#lastFile = outcome;
        await this.#tell(outcome, () => `${remote}  ${formatSize(outcome.size)}`);
        break;
      case 'directory':
        this.#directories += 1;
        await this.#tell(outcome, () => `${remote}/`);
        break;
      case 'removed':
        await this.#tell(outcome, () => `remove ${this.#target(local, remote)}`);
        break;
      case 'permissions':
        await this.#tell(outcome, () => {
          const mode = outcome.mode.toString(8).padStart(3, '0');
          return `permissions ${mode} ${this.#target(local, remote)}`;
        });
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

  /**
   * Says what became of all of them, unless nothing did.
   *
   * @param result - of a comparison: what else came of it
   */
  async finish(result?: SyncResult): Promise<void> {
    const milliseconds = performance.now() - this.#start;
    const files = this.#files;
    const directories = this.#directories;
    const skipped = this.#skipped;
    const failed = this.#failed;
    const bytes = this.#bytes;
    this.#output.endProgress();
    const seconds = Math.round(milliseconds) / 1000;
    const counts = { files, directories, bytes, skipped, failed, dryRun: this.#isDryRun };
    const isSomething = files + directories > 0 || result !== undefined;
    const text = isSomething ? this.#summary(milliseconds, result) : undefined;
    const { unchanged, permissions, removed, spared } = result ?? {};
    const fields = { type: 'summary', ...counts, unchanged, permissions, removed, spared, seconds };
    await this.#output.event(fields, text);
  }

  #named<Place extends TreePlace>(place: Place): Place {
    return { ...place, remote: formatRemotePath(this.#tree, place.remote) };
  }

  /** What would be done is what a dry run is for; what is done matters to few. */
  async #tell(outcome: SyncOutcome, text: () => string): Promise<void> {
    if (this.#isDryRun) await this.#output.result({ ...outcome }, [text()]);
    else await this.#output.fact({ ...outcome }, text);
  }

  #target(local: string, remote: string): string {
    return this.#direction === 'sent' ? remote : local;
  }

  #way(local: string, remote: string): [from: string, to: string] {
    const isStream = local === standardStream;
    if (this.#direction === 'sent') return [isStream ? 'standard input' : local, remote];
    return [remote, isStream ? 'standard output' : local];
  }

  #summary(milliseconds: number, result: SyncResult | undefined): string {
    const verb = verbs[this.#direction][this.#isDryRun ? 'dry' : 'done'];
    const only = this.#files === 1 && this.#directories === 0 ? this.#lastFile : undefined;
    const what = only
      ? this.#way(only.local, only.remote).join(' to ')
      : formatCount(this.#files, 'file', 'files');
    const size = formatSize(this.#bytes);
    const amount = this.#isDryRun
      ? size
      : `${size} in ${formatDuration(milliseconds)} (${this.#rate(this.#bytes)})`;
    const rest = [];
    if (result) rest.push(`${result.unchanged} unchanged`);
    if (result && result.permissions > 0) {
      rest.push(`${result.permissions} ${this.#isDryRun ? 'to get' : 'given'} other permissions`);
    }
    if (result && result.removed > 0) {
      rest.push(`${result.removed} ${this.#isDryRun ? 'to be removed' : 'removed'}`);
    }
    if (result && result.spared > 0) rest.push(`${result.spared} not removed after a failure`);
    if (this.#skipped > 0) rest.push(`${this.#skipped} skipped`);
    if (this.#failed > 0) rest.push(`${this.#failed} failed`);
    return [`${verb} ${what}: ${amount}`, ...rest].join(', ');
  }

  #rate(bytes: number): string {
    const milliseconds = Math.max(1, performance.now() - this.#start);
    return `${formatSize(Math.round((bytes / milliseconds) * 1000))}/s`;
  }
}
