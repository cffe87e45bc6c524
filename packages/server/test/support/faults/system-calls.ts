import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';

/** How a system call can fail that otherwise would not. */
export const faultCodes = ['EIO', 'ENOSPC', 'EMFILE'] as const;
type FaultCode = (typeof faultCodes)[number];

/**
 * What goes wrong with a call. `short` is no failure, but what comes before one: a write that takes
 * half of what it is given.
 */
export type FaultKind = FaultCode | 'short';

/** A call to the system. */
export interface SystemCall {
  readonly name: string;
  /** The path that it is about, also where that was given by a descriptor. */
  readonly target: string;
}

/** Which call goes wrong, and how. */
export interface Fault {
  /** Counted from 0. */
  readonly index: number;
  readonly kind: FaultKind;
  /** Whether all calls behind it fail too, as those of a process do whose disk is gone. */
  readonly lasts?: boolean;
}

/** Work whose calls are counted, and one of them made to fail. */
interface Watch {
  readonly calls: SystemCall[];
  readonly events: string[];
  readonly fault: Fault | undefined;
}

type Operation = (this: unknown, ...args: unknown[]) => unknown;
type Operations = Record<string, Operation>;

const promised = [
  ...['open', 'stat', 'lstat', 'statfs', 'readdir', 'readFile', 'readlink', 'realpath', 'mkdir'],
  ...['rm', 'rmdir', 'unlink', 'rename', 'link', 'chmod'],
];
const calledBack = ['open', 'fsync', 'lstat'];
/** In the names of their calls, since what they do is the same. */
const synchronous = [
  ...['open', 'close', 'fstat', 'read', 'write', 'fsync', 'fchmod', 'futimes', 'readlink'],
  ...['link', 'lstat', 'rename', 'unlink'],
].map((name) => `${name}Sync`);
const ofHandles = [
  ...['stat', 'read', 'write', 'writev', 'writeFile', 'sync', 'datasync', 'truncate', 'utimes'],
  ...['chmod', 'chown'],
];
const written = new Set(['write', 'writev']);
const closing = new Set(['close']);

const watches = new AsyncLocalStorage<Watch>();
/** By node's own module object, whose functions Jest copies where a module imports them. */
const require = createRequire(import.meta.url);
const fs = require('node:fs') as Operations & { promises: Operations };
const targets = new WeakMap<object, string>();
const descriptors = new Map<string, string>();
const restorations: (() => void)[] = [];

/**
 * Puts a gate before Node's calls to the system, through which all go as they are but those that
 * {@link withFault} makes fail. What imports `node:fs` or `node:fs/promises` afterwards goes
 * through it: import the code to be tested dynamically, behind this call.
 *
 * @returns takes the gate away again
 */
export async function installGate(): Promise<() => void> {
  const handle = (await fs.promises['open']?.call(fs.promises, '/dev/null')) as {
    close(): Promise<void>;
  };
  const handles = Object.getPrototypeOf(handle) as Operations;
  await handle.close();
  replace(fs.promises, promised, gatePromised);
  replace(handles, ofHandles, gatePromised);
  replace(fs, calledBack, gateCalledBack);
  replace(fs, synchronous, gateSynchronous);
  return () => {
    for (const restore of restorations.splice(0)) restore();
  };
}

/**
 * Does work, one of whose calls goes wrong.
 *
 * @param fault - which, and how; without it, nothing does
 * @param work - calls of what else happens meanwhile are none of its
 * @returns its calls, in their order, and how it ended
 */
export async function withFault(
  fault: Fault | undefined,
  work: () => Promise<unknown>,
): Promise<{ readonly calls: readonly SystemCall[]; readonly error: unknown }> {
  const calls: SystemCall[] = [];
  const error = await watches.run({ calls, fault, events: [] }, () =>
    work().then(
      () => undefined,
      (reason: unknown) => reason ?? new Error('it failed with nothing'),
    ),
  );
  return { calls, error };
}

/**
 * Does work, and watches the order of its calls.
 *
 * @param work - the work; what it returns is an event too
 * @returns for each call, when it began and ended, such as `sync /d/f` and `/sync /d/f`
 */
export async function orderOf(work: () => Promise<string>): Promise<readonly string[]> {
  const events: string[] = [];
  await watches.run({ calls: [], fault: undefined, events }, async () => {
    events.push(await work());
  });
  return events;
}

/** Whether a call can be short. */
export function canBeShort({ name }: SystemCall): boolean {
  return written.has(name);
}

function replace(
  object: Operations,
  names: readonly string[],
  gate: (name: string, operation: Operation) => Operation,
): void {
  for (const name of names) {
    const operation = object[name];
    if (!operation) throw new Error(`Node has no ${name}`);
    object[name] = gate(name, operation);
    restorations.push(() => {
      object[name] = operation;
    });
  }
}

/** Counts a call, and says what is to go wrong with it. */
function pass(name: string, target: string): FaultKind | undefined {
  const watch = watches.getStore();
  if (!watch) return undefined;
  watch.calls.push({ name, target });
  watch.events.push(`${name} ${target}`);
  const { index = -1, kind, lasts = false } = watch.fault ?? {};
  const count = watch.calls.length - 1;
  return count === index || (lasts && count > index) ? kind : undefined;
}

function ends(name: string, target: string): void {
  watches.getStore()?.events.push(`/${name} ${target}`);
}

/** Where a path leads that goes through a descriptor, or a descriptor alone. */
function resolve(given: unknown): string {
  const path = String(given);
  const [, number = path, rest = ''] = /^\/proc\/self\/fd\/(\d+)(.*)$/u.exec(path) ?? [];
  const folder = descriptors.get(number);
  return folder === undefined ? path : folder + rest;
}

function gatePromised(name: string, operation: Operation): Operation {
  return async function (this: unknown, ...args: unknown[]) {
    const handle = typeof this === 'object' && this !== null ? targets.get(this) : undefined;
    const target = handle ?? resolve(args[0]);
    const kind = pass(name, target);
    if (kind === 'short') return operation.apply(this, half(name, args));
    if (kind) {
      await beforeFailing(name, () => operation.apply(this, args));
      if (name === 'writeFile') await operation.apply(this, half(name, args));
      throw systemError(kind, name, target);
    }
    const result = await operation.apply(this, args);
    ends(name, target);
    return name === 'open' ? watched(result as Operations, target) : result;
  };
}

/** Each handle has a `close` of its own. */
function watched(handle: Operations, target: string): Operations {
  targets.set(handle, target);
  const { close } = handle;
  if (close) handle['close'] = gatePromised('close', close);
  return handle;
}

/** A system that fails to close a file has closed it all the same. */
async function beforeFailing(name: string, operation: () => unknown): Promise<void> {
  if (closing.has(name)) await operation();
}

function gateCalledBack(name: string, operation: Operation): Operation {
  return function (this: unknown, ...args: unknown[]) {
    const target = resolve(args[0]);
    const kind = pass(name, target);
    const callback = args.at(-1) as (error: Error | null, result?: unknown) => void;
    if (kind) process.nextTick(callback, systemError(kind, name, target));
    else {
      operation.call(this, ...args.slice(0, -1), (error: Error | null, result?: unknown) => {
        if (name === 'open' && !error) descriptors.set(String(result), target);
        ends(name, target);
        callback(error, result);
      });
    }
  };
}

function gateSynchronous(operationName: string, operation: Operation): Operation {
  const name = operationName.replace(/Sync$/u, '');
  return function (this: unknown, ...args: unknown[]) {
    const target = resolve(args[0]);
    const kind = pass(name, target);
    if (kind === 'short') {
      const [descriptor, bytes, offset = 0] = args as [number, Uint8Array, number?];
      const length = Math.ceil((bytes.length - offset) / 2);
      return operation.call(this, descriptor, bytes, offset, length);
    }
    if (kind) {
      if (closing.has(name)) operation.apply(this, args);
      throw systemError(kind, name, target);
    }
    const result = operation.apply(this, args);
    if (name === 'open') descriptors.set(String(result), target);
    ends(name, target);
    return result;
  };
}

/** The arguments of a write of half as many bytes. */
function half(name: string, [given, ...rest]: unknown[]): unknown[] {
  if (name === 'writeFile') {
    const bytes = Buffer.from(given as string);
    return [bytes.subarray(0, bytes.length / 2), ...rest];
  }
  const bytes = name === 'writev' ? Buffer.concat(given as Uint8Array[]) : (given as Uint8Array);
  const start = bytes.subarray(0, Math.ceil(bytes.length / 2));
  return [name === 'writev' ? [start] : start, ...rest];
}

function systemError(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: injected, ${syscall} '${path}'`), { code, syscall });
}
