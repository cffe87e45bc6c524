import { mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

import { StoreProbe } from '../../../src/store/conformance/context.js';
import type { FileStoreOptions } from '../../../src/store/file-store-options.js';
import { FileStore } from '../../../src/store/file-store.js';
import { ServerError } from '../../../src/server-error.js';
import { StoreError, type StoreErrorCode } from '../../../src/store/store-error.js';
import { inTemporaryDirectory } from '../../store/temporary-directory.js';
import {
  canBeShort,
  faultCodes,
  withFault,
  type Fault,
  type FaultKind,
  type SystemCall,
} from './system-calls.js';

/** Files by their paths below `received`, with their content. */
type Tree = Readonly<Record<string, string | Uint8Array>>;

/** Where an operation is tried. */
export interface Place {
  /** The data directory. */
  readonly data: string;
  /** Its store; where the operation opens one itself, only behind it. */
  readonly probe: StoreProbe;
}

/** An operation that is tried with each of its calls to the system failing. */
export interface Scenario {
  readonly name: string;
  /** What is there before; by default nothing. */
  readonly before?: Tree;
  /** What is there once it has succeeded; by default the same as before. */
  readonly after?: Tree;
  /** How the store is opened; with false, the operation opens what it needs itself. */
  readonly store?: Omit<FileStoreOptions, 'directory'> | false;
  /** Makes ready what the operation needs. */
  readonly prepare?: (place: Place) => Promise<unknown>;
  /** The operation; it frees what it opens. */
  readonly run: (place: Place) => Promise<unknown>;
  /** What trying again may come to, where the first try did it all and yet had to report a failure. */
  readonly again?: readonly StoreErrorCode[];
  /** What is there, for good, when nothing can be removed any more in the middle of it. */
  readonly stuck?: Tree;
  /** Looks at what must hold, whether or not the operation has succeeded, before it is tried again. */
  readonly verify?: (place: Place, hasSucceeded: boolean) => Promise<void>;
  /** What it may leave for itself in `.e2eeftp/resumable`, behind the next start. */
  readonly kept?: RegExp;
}

/** What a campaign came to. */
export interface Report {
  /** Calls that the operation makes. */
  readonly calls: number;
  /** Failures that were injected. */
  readonly injected: number;
  /** What should not have happened. */
  readonly problems: readonly string[];
}

/** Of what comes before and behind the operation, nothing need survive a loss of power. */
const unhurried = { durability: 'relaxed' } as const;

const storeCodes: Readonly<Record<FaultKind, StoreErrorCode>> = {
  EIO: 'io',
  ENOSPC: 'no-space',
  EMFILE: 'busy',
  short: 'io',
};

/**
 * Tries an operation once as it is, and then once for each of its calls and each way to fail: by
 * itself, and with all that follow.
 *
 * @param scenario - the operation
 * @param step - tries every so manieth of them only
 * @returns what that came to
 */
export async function tryAllFaults(scenario: Scenario, step = 1): Promise<Report> {
  const problems: string[] = [];
  const calls = await tryOnce(scenario, undefined, problems);
  const faults = calls.flatMap(faultsOf).filter((_, index) => index % step === step - 1);
  for (const fault of faults) await tryOnce(scenario, fault, problems);
  return { calls: calls.length, injected: faults.length, problems };
}

function faultsOf(call: SystemCall, index: number): Fault[] {
  const kinds: readonly FaultKind[] = canBeShort(call) ? [...faultCodes, 'short'] : faultCodes;
  return [...kinds.map((kind) => ({ index, kind })), { index, kind: 'EIO', lasts: true }];
}

async function tryOnce(
  scenario: Scenario,
  fault: Fault | undefined,
  problems: string[],
): Promise<readonly SystemCall[]> {
  return inTemporaryDirectory(async (directory) => {
    const trial = new Trial(scenario, join(directory, 'data'), fault);
    const onRejection = (reason: unknown): void => {
      trial.note(`nobody met a failure: ${String(reason)}`);
    };
    process.on('unhandledRejection', onRejection);
    try {
      await trial.run();
    } catch (error) {
      trial.note(`the trial itself failed: ${(error as Error).stack ?? String(error)}`);
    } finally {
      process.off('unhandledRejection', onRejection);
    }
    problems.push(...trial.problems);
    return trial.calls;
  });
}

/** One try, and what is found behind it. */
class Trial {
  readonly problems: string[] = [];
  calls: readonly SystemCall[] = [];
  #isStuck = false;
  readonly #scenario: Scenario;
  readonly #data: string;
  readonly #fault: Fault | undefined;

  constructor(scenario: Scenario, data: string, fault: Fault | undefined) {
    this.#scenario = scenario;
    this.#data = data;
    this.#fault = fault;
  }

  note(problem: string): void {
    const { index = -1, kind = '', lasts = false } = this.#fault ?? {};
    const { name, target } = this.calls[index] ?? { name: 'no call', target: '' };
    const place = target.replace(this.#data, '');
    this.problems.push(
      `${this.#scenario.name}, ${kind}${lasts ? ' for good' : ''} at ${index} (${name} ${place}): ${problem}`,
    );
  }

  async run(): Promise<void> {
    const { before = {}, store, run, prepare } = this.#scenario;
    await mkdir(this.#data);
    await this.#withStore(async (place) => {
      for (const [path, content] of Object.entries(before)) {
        await place.probe.put(`received/${path}`, content);
      }
      if (store === false) await prepare?.(place);
    }, unhurried);
    if (store === false) {
      const place = { data: this.#data, probe: undefined as unknown as StoreProbe };
      await this.#try(() => run(place));
    } else {
      await this.#withStore(async (place) => {
        await prepare?.(place);
        await this.#tryAt(place);
      }, store ?? {});
    }
    await this.#expectCleanStart();
  }

  async #tryAt(place: Place): Promise<void> {
    const { run, verify } = this.#scenario;
    const hasSucceeded = await this.#try(() => run(place));
    await this.#check('what must hold', async () => verify?.(place, hasSucceeded));
    if (!this.#isStuck) await this.#tryAgain(() => run(place));
  }

  async #try(run: () => Promise<unknown>): Promise<boolean> {
    const { calls, error } = await withFault(this.#fault, run);
    this.calls = calls;
    if (error) this.#expectTyped(error);
    if (error && !this.#fault) this.note('it fails without a fault');
    await this.#expectNothingOpen();
    const tree = await readTree(this.#data);
    const { before = {}, after = before, stuck } = this.#scenario;
    this.#isStuck = stuck !== undefined && this.#fault?.lasts === true && isSame(tree, stuck);
    if (isSame(tree, after) || (error && this.#isStuck)) return error === undefined;
    if (!error) this.note(`it succeeded, and left ${namesOf(tree)}`);
    else if (!isSame(tree, before)) this.note(`it left ${namesOf(tree)}`);
    return error === undefined;
  }

  #expectTyped(error: unknown): void {
    const expected = storeCodes[this.#fault?.kind ?? 'EIO'];
    if (error instanceof StoreError && error.code === expected) return;
    if (error instanceof ServerError && error.code === 'bad-file') return;
    const { stack, code } = error as Error & { code?: unknown };
    this.note(`it failed with ${String(code)}: ${stack ?? String(error)}`);
  }

  async #tryAgain(run: () => Promise<unknown>): Promise<void> {
    const { before = {}, after = before, again = [] } = this.#scenario;
    const wasDone = isSame(await readTree(this.#data), after);
    await this.#check('the second try', async () => {
      await run().catch((error: unknown) => {
        const isAllowed = wasDone && error instanceof StoreError && again.includes(error.code);
        if (!isAllowed) throw error;
      });
    });
    const tree = await readTree(this.#data);
    if (!isSame(tree, after)) this.note(`the second try left ${namesOf(tree)}`);
    await this.#expectNothingOpen();
  }

  /** What is left is gone when the directory is next opened, and what is there stays. */
  async #expectCleanStart(): Promise<void> {
    const { run, store, verify, before = {}, after = before, kept = /^$/u } = this.#scenario;
    const { stuck = after } = this.#scenario;
    await this.#check('the next start', async () => {
      await this.#withStore(async (place) => {
        const own = join(this.#data, '.e2eeftp');
        for (const folder of ['uploads', 'trash']) {
          const names = await readdir(join(own, folder));
          if (names.length > 0) this.note(`${folder} keeps ${names.join(' ')}`);
        }
        const names = await readdir(join(own, 'resumable'), { recursive: true });
        const strange = names.filter((name) => name.length > 64 && !kept.test(name));
        if (strange.length > 0) this.note(`resumable keeps ${strange.join(' ')}`);
        if (store === false) {
          await verify?.(place, false);
          await this.#check('the second try', () => run(place));
        }
        const beside = [...(await readdir(this.#data)), ...(await readdir(own))];
        const left = beside.filter((name) => /\.new$|lock/u.test(name));
        if (left.length > 0) this.note(`the directory keeps ${left.join(' ')}`);
        const tree = await readTree(this.#data);
        if (!isSame(tree, this.#isStuck ? stuck : after))
          this.note(`the next start finds ${namesOf(tree)}`);
      }, unhurried);
    });
    await this.#expectNothingOpen();
  }

  async #withStore(
    work: (place: Place) => Promise<void>,
    options: Omit<FileStoreOptions, 'directory'>,
  ): Promise<void> {
    // The calls of other threads pass no gate, and what is open behind an operation has been forgotten.
    const seen = { directory: this.#data, threads: 0, keepFolders: 0 };
    const store = await FileStore.open({ ...seen, ...options });
    try {
      await work({ data: this.#data, probe: new StoreProbe(store) });
    } finally {
      await store.close();
    }
  }

  async #expectNothingOpen(): Promise<void> {
    const names = await readdir('/proc/self/fd').catch(() => []);
    for (const name of names) {
      const target = await readlink(`/proc/self/fd/${name}`).catch(() => '');
      if (target.startsWith(this.#data)) this.note(`${target} is still open`);
    }
  }

  async #check(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.note(`${what}: ${(error as Error).stack ?? String(error)}`);
    }
  }
}

async function readTree(data: string): Promise<Tree> {
  const folder = join(data, 'received');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  const contents = await Promise.all(paths.map((path) => readFile(path)));
  return Object.fromEntries(
    paths.map((path, index) => [path.slice(folder.length + 1), contents[index] ?? '']),
  );
}

function isSame(left: Tree, right: Tree): boolean {
  const paths = Object.keys(left);
  return (
    paths.length === Object.keys(right).length &&
    paths.every((path) => {
      const other = right[path];
      return other !== undefined && Buffer.from(left[path] ?? '').equals(Buffer.from(other));
    })
  );
}

function namesOf(tree: Tree): string {
  return JSON.stringify(
    Object.entries(tree).map(([path, content]) => `${path} (${content.length})`),
  );
}
