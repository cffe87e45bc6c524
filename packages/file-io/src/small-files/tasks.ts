import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
  type BigIntStats,
} from 'node:fs';

import { packStats, type PackedStats } from './file-stats.js';
import type { Slab } from './slab.js';

/** Reads a file whole, if it is one and has no more bytes than the limit. */
interface ReadTask {
  readonly type: 'read';
  readonly path: string;
  readonly flags: number;
  readonly limit: number;
}

/** Makes a file with all its bytes. Nothing of it stays when that fails. */
export interface WriteTask {
  readonly type: 'write';
  readonly path: string;
  readonly flags: number | string;
  readonly mode: number;
  /** Permission bits that it gets whatever the process's mask says; by default those of `mode`. */
  readonly permissions?: number | undefined;
  readonly bytes: Uint8Array;
  /** As `fs.futimes` takes it; by default now. */
  readonly mtime: number | string | undefined;
  /** Whether the task ends only when the bytes are durable. */
  readonly isDurable: boolean;
}

/** Gives a file its name. */
export interface PlaceTask {
  readonly type: 'place';
  readonly from: string;
  readonly to: string;
  /** Whether whatever file has the name is replaced; otherwise the task fails with `EEXIST`. */
  readonly replaces: boolean;
}

/** Looks whether anything has a name. */
interface ExistsTask {
  readonly type: 'exists';
  readonly path: string;
}

/** Makes durable what was added to a folder, or taken from it. */
interface FlushFolderTask {
  readonly type: 'flush-folder';
  readonly path: string;
}

/** Something that is done with a small file, or its folder, at once. */
export type Task = ReadTask | WriteTask | PlaceTask | ExistsTask | FlushFolderTask;

/** What a task gives, as far as it gives that. */
export interface TaskResult {
  /** What the system says of the file, before its bytes were read, or after everything else. */
  readonly stats?: PackedStats;
  /** What the file contains. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Whether it changed while it was read. */
  readonly hasChanged?: boolean;
  /** Whether anything has the name, or had it before the task. */
  readonly isThere?: boolean;
}

const exact = { bigint: true } as const;

/**
 * Does a task. It returns when the disk has answered, so it belongs on no thread that others wait
 * for.
 *
 * @param task - what is to be done
 * @param slab - the memory for what is read
 * @returns what it gives
 * @throws the system's error
 */
export function perform(task: Task, slab: Slab): TaskResult {
  switch (task.type) {
    case 'read':
      return read(task, slab);
    case 'write':
      return write(task);
    case 'place':
      return place(task);
    case 'exists':
      return { isThere: exists(task.path) };
    case 'flush-folder':
      return flushFolder(task);
  }
}

function read({ path, flags, limit }: ReadTask, slab: Slab): TaskResult {
  const descriptor = openSync(path, flags);
  try {
    const before = fstatSync(descriptor, exact);
    const stats = packStats(before);
    if (!before.isFile() || before.size > limit) return { stats };
    const bytes = readInto(slab.take(Number(before.size)), descriptor);
    return { stats, bytes, hasChanged: isOther(before, fstatSync(descriptor, exact)) };
  } finally {
    closeSync(descriptor);
  }
}

function write({ path, flags, mode, permissions, bytes, mtime, isDurable }: WriteTask): TaskResult {
  const descriptor = openSync(path, flags, mode);
  try {
    let written = 0;
    while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    if (permissions !== undefined) fchmodSync(descriptor, permissions);
    if (mtime !== undefined) futimesSync(descriptor, Date.now() / 1000, mtime);
    if (isDurable) fsyncSync(descriptor);
    return { stats: packStats(fstatSync(descriptor, exact)) };
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function place({ from, to, replaces }: PlaceTask): TaskResult {
  const isThere = replaces && exists(to);
  if (replaces) renameSync(from, to);
  else linkThenUnlink(from, to);
  // A new name changes the file too.
  return { stats: packStats(lstatSync(to, exact)), isThere };
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function flushFolder({ path }: FlushFolderTask): TaskResult {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return {};
}

/** Other programs may write here too: only a link fails where something came first. */
function linkThenUnlink(from: string, to: string): void {
  linkSync(from, to);
  try {
    unlinkSync(from);
  } catch (error) {
    unlinkSync(to);
    throw error;
  }
}

function isOther(before: BigIntStats, after: BigIntStats): boolean {
  return (
    before.size !== after.size ||
    before.mtimeNs !== after.mtimeNs ||
    before.ctimeNs !== after.ctimeNs
  );
}

function readInto(bytes: Uint8Array<ArrayBuffer>, descriptor: number): Uint8Array<ArrayBuffer> {
  let filled = 0;
  while (filled < bytes.length) {
    const count = readSync(descriptor, bytes, filled, bytes.length - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}
