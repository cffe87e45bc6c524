import { asClientError, ClientError, throwIfAborted } from '../errors.js';
import type { RemoteTree } from '../remote-tree.js';
import {
  FileTransfers,
  runsAtOnce,
  runsOf,
  type TransferWay,
  type TreeFile,
} from '../tree/file-transfers.js';
import { SizeAhead } from '../tree/size-ahead.js';
import { Tally } from '../tree/tally.js';
import { inParallel } from '../tree/task-pool.js';
import { defaultConcurrency, type TreePlace } from '../tree/tree-transfer.js';
import { carryOutRemovals } from './carry-out-removals.js';
import { missingPermissions } from './permissions.js';
import { RemovalPlan, type Removal } from './removal-plan.js';
import type { SyncOptions, SyncResult } from './sync-options.js';
import type { SyncRoots, SyncTarget } from './sync-target.js';
import type { SyncDirection, TreeChange, TreeNode } from './tree-changes.js';

/** What a run works with. */
export interface SyncRunOptions {
  readonly tree: RemoteTree;
  readonly direction: SyncDirection;
  readonly roots: SyncRoots;
  readonly target: SyncTarget;
  readonly options: SyncOptions;
  /** Compares the two trees, from the beginning. */
  readonly changes: (signal: AbortSignal | undefined) => AsyncGenerator<TreeChange, void, void>;
}

/**
 * Makes one tree equal to another: what is to be removed is decided first and as a whole; then
 * everything is transferred that differs; and only when that has worked, it is removed.
 */
export class SyncRun {
  readonly #run: SyncRunOptions;
  readonly #plan = new RemovalPlan();
  readonly #ahead: SizeAhead | undefined;
  readonly #tally: Tally;
  #unchanged = 0;
  #permissions = 0;
  #removed = 0;
  #spared = 0;
  /** Whether something is not known of the source, or has not come to the target. */
  #hasFailed = false;

  /** @param run - what to work with */
  constructor(run: SyncRunOptions) {
    const { onProgress, dryRun, checksum, preserveMode } = run.options;
    this.#run = run;
    // By what no listing tells, only the transfer itself knows which files differ.
    const isListed = !checksum && !(preserveMode && run.tree.sealsPermissions);
    this.#ahead = onProgress && !dryRun && isListed ? new SizeAhead() : undefined;
    const ahead = this.#ahead;
    this.#tally = new Tally(run.options, ahead && (() => ahead.size));
  }

  /**
   * @returns what became of the trees
   * @throws ClientError when nothing more can be done, or too much would be removed
   */
  async run(): Promise<SyncResult> {
    const { options, target, changes } = this.#run;
    try {
      if (options.delete) await this.#decideRemovals();
      if (!options.dryRun) await target.create();
      await this.#removeThose((removal) => removal.isInTheWay);
      const counting = this.#ahead?.count(
        this.#sizes(changes(this.#ahead.signalWith(options.signal))),
      );
      try {
        await this.#transferAll();
      } finally {
        this.#ahead?.stop();
        await counting;
      }
      await this.#removeThose((removal) => !removal.isInTheWay);
    } finally {
      await this.#plan.close();
    }
    return {
      ...this.#tally.result,
      unchanged: this.#unchanged,
      permissions: this.#permissions,
      removed: this.#removed,
      spared: this.#spared,
    };
  }

  async #decideRemovals(): Promise<void> {
    const { changes, options } = this.#run;
    let known = 0;
    let inTheWay: string | undefined;
    for await (const change of changes(options.signal)) {
      if (change.type === 'failed' && change.error.code !== 'bad-name') this.#hasFailed = true;
      if (!('target' in change)) continue;
      const { path, type, target } = change;
      const { etag, details } = target;
      known += 1;
      if (type === 'both') continue;
      if (type === 'blocked') inTheWay = path;
      const isInTheWay = path === inTheWay || path.startsWith(`${inTheWay}/`);
      await this.#plan.add({ path, type: target.type, etag, ...details, isInTheWay });
    }
    if (this.#plan.size * 2 > known && !options.force) this.#refuse(this.#plan.size, known);
  }

  #refuse(removals: number, known: number): never {
    const { direction, roots } = this.#run;
    const where = direction === 'up' ? `${roots.remote} on the server` : roots.local;
    throw new ClientError(
      'too-many-removals',
      `${removals} of ${known} entries in ${where} would be removed, more than half; nothing was changed. ` +
        'If that is right, allow it (--force)',
    );
  }

  async #transferAll(): Promise<void> {
    const { changes, options, target } = this.#run;
    const { concurrency = defaultConcurrency, signal } = options;
    const way: TransferWay = {
      ...target.moves,
      onFailure: (place, error) => this.#fail(place, error),
    };
    const transfers = new FileTransfers(way, this.#tally, concurrency);
    try {
      await inParallel(runsOf(changes(signal)), runsAtOnce(concurrency), async (some) => {
        throwIfAborted(signal);
        const files: TreeFile[] = [];
        for (const outcome of await Promise.allSettled(some.map((one) => this.#update(one)))) {
          if (outcome.status === 'rejected') throw outcome.reason;
          if (outcome.value) files.push(outcome.value);
        }
        await transfers.transfer(files);
      });
    } finally {
      await transfers.end();
    }
  }

  /** @returns the file that is to be transferred, if it comes to that */
  async #update(change: TreeChange): Promise<TreeFile | undefined> {
    if (change.type === 'extra') return undefined;
    if (change.type !== 'skipped' && change.type !== 'failed') return this.#compare(change);
    await this.#pass(change);
    return undefined;
  }

  async #pass(change: Extract<TreeChange, { type: 'skipped' | 'failed' }>): Promise<void> {
    const place = this.#shownPlace(change.path);
    if (change.type === 'skipped') {
      await this.#tally.add({ type: 'skipped', ...place, reason: change.reason });
      return;
    }
    if (change.error.code !== 'bad-name') this.#hasFailed = true;
    await this.#tally.fail(place, change.error);
  }

  async #compare(
    change: Extract<TreeChange, { readonly source: TreeNode }>,
  ): Promise<TreeFile | undefined> {
    const { target, options } = this.#run;
    const { path, source, type } = change;
    let place = this.#shownPlace(path);
    try {
      place = target.locate(path);
      if (type === 'blocked') this.#requireRemoval(place, source);
      if (type === 'both' && (await this.#isEqual(place, change.source, change.target))) {
        const isToMove = source.type === 'file' && (await this.#keepEqual(place, change));
        if (!isToMove) return undefined;
      }
      const { size } = source.details;
      if (source.type === 'directory') {
        if (!options.dryRun) await target.makeFolder(path);
        await this.#tally.add({ type: 'directory', ...place });
      } else if (options.dryRun) {
        await this.#tally.add({ type: 'file', ...place, size });
      } else {
        await target.prepare(path);
        return { ...place, size };
      }
    } catch (error) {
      await this.#fail(place, asClientError(error));
    }
    return undefined;
  }

  #fail(place: TreePlace, error: ClientError): Promise<void> {
    this.#hasFailed = true;
    return this.#tally.fail(place, error);
  }

  /**
   * Only its permissions may differ: they come without the content, unless they are signed with it.
   *
   * @returns whether the whole file has to move for them
   */
  async #keepEqual(
    place: TreePlace,
    change: Extract<TreeChange, { readonly type: 'both' }>,
  ): Promise<boolean> {
    const { tree, options, target } = this.#run;
    const isCompared = options.preserveMode === true && tree.keepsPermissions;
    const mode = isCompared ? await this.#differentMode(place, change) : undefined;
    if (mode === undefined) {
      this.#unchanged += 1;
      return false;
    }
    // What a listing says of them nobody has signed, so that they are not believed without the file.
    if (tree.sealsPermissions) return true;
    if (!options.dryRun) await target.setMode(change.path, mode);
    this.#permissions += 1;
    await options.onOutcome?.({ type: 'permissions', ...place, mode });
    return false;
  }

  async #differentMode(
    { remote }: TreePlace,
    { source, target }: Extract<TreeChange, { readonly type: 'both' }>,
  ): Promise<number | undefined> {
    const { tree, direction, options } = this.#run;
    if (!tree.sealsPermissions) return missingPermissions(source.details, target.details);
    const { mode } = await tree.stat(remote, { signal: options.signal });
    const ofRemote = { size: 0, mtime: 0, mode };
    return direction === 'up'
      ? missingPermissions(source.details, ofRemote)
      : missingPermissions(ofRemote, target.details);
  }

  async #isEqual(place: TreePlace, source: TreeNode, target: TreeNode): Promise<boolean> {
    if (source.type === 'directory') return true;
    const { tree, options } = this.#run;
    if (source.details.size !== target.details.size) return false;
    if (!options.checksum) return source.details.mtime === target.details.mtime;
    return tree.hasContentOf(place.remote, place.local, { signal: options.signal });
  }

  /** What is in the way was removed before, if that was wanted and nothing spoke against it. */
  #requireRemoval({ local, remote }: TreePlace, source: TreeNode): void {
    const { options, direction } = this.#run;
    if (options.delete && options.dryRun && !this.#hasFailed) return;
    const where = direction === 'up' ? `${remote} on the server` : local;
    const what = source.type === 'file' ? 'a folder' : 'a file';
    const advice = options.delete ? 'it is kept, since something failed' : '--delete removes it';
    throw new ClientError('conflict', `${where} is in the way: it is ${what}; ${advice}`);
  }

  async #removeThose(isMeant: (removal: Removal) => boolean): Promise<void> {
    const { target, options } = this.#run;
    await carryOutRemovals(this.#meantRemovals(isMeant), async (removal) => {
      throwIfAborted(options.signal);
      const place = target.locate(removal.path);
      try {
        if (!options.dryRun && !(await target.remove(removal))) return;
        this.#removed += 1;
        await options.onOutcome?.({ type: 'removed', ...place });
      } catch (error) {
        await this.#tally.fail(place, asClientError(error));
      }
    });
  }

  async *#meantRemovals(
    isMeant: (removal: Removal) => boolean,
  ): AsyncGenerator<Removal, void, void> {
    for await (const removal of this.#plan.read()) {
      if (!isMeant(removal)) continue;
      if (this.#hasFailed) this.#spared += 1;
      else yield removal;
    }
  }

  async *#sizes(changes: AsyncIterable<TreeChange>): AsyncGenerator<number, void, void> {
    for await (const change of changes) {
      if (!('source' in change) || change.source.type === 'directory') continue;
      const { size, mtime } = change.source.details;
      const old = change.type === 'both' ? change.target.details : undefined;
      if (old?.size !== size || old.mtime !== mtime) yield size;
    }
  }

  /** For messages: the path may be none that either side can have. */
  #shownPlace(path: string): TreePlace {
    const { local, remote } = this.#run.roots;
    return { local: `${local}/${path}`, remote: `${remote}/${path}` };
  }
}
