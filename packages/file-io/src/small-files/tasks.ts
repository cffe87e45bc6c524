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
} from 'node:fs';

import { packStats, type PackedStats } from './file-stats.js';

/** Reads a file whole, if it is one and has no more bytes than the limit. */
interface ReadTask {
  readonly type: 'read';
  readonly path: string;
  readonly flags: number;
  readonly limit: number;
}

/** Makes a file with all its bytes, and leaves it open. */
export interface CreateTask {
  readonly type: 'create';
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

/** Gives an open file its name, and closes it in any case. */
export interface PlaceTask {
  readonly type: 'place';
  readonly descriptor: number;
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
export type Task = ReadTask | CreateTask | PlaceTask | ExistsTask | FlushFolderTask;

/** What a task gives, as far as it gives that. */
export interface TaskResult {
  /** What the system says of the file, before its bytes were read, or behind everything else. */
  readonly stats?: PackedStats;
  /** What the file contains. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** What the system says of it after its bytes were read. */
  readonly statsAfter?: PackedStats;
  /** Whether anything has the name. */
  readonly isThere?: boolean;
  /** The open file. */
  readonly descriptor?: number;
}

const exact = { bigint: true } as const;

/**
 * Does a task. It returns when the disk has answered, so it belongs on no thread that others wait
 * for.
 *
 * @param task - what is to be done
 * @returns what it gives
 * @throws the system's error
 */
export function perform(task: Task): TaskResult {
  switch (task.type) {
    case 'read':
      return read(task);
    case 'create':
      return create(task);
    case 'place':
      return place(task);
    case 'exists':
      return { isThere: lstatSync(task.path, { throwIfNoEntry: false }) !== undefined };
    case 'flush-folder':
      return flushFolder(task);
  }
}

function read({ path, flags, limit }: ReadTask): TaskResult {
  const descriptor = openSync(path, flags);
  try {
    const before = fstatSync(descriptor, exact);
    const stats = packStats(before);
    if (!before.isFile() || before.size > limit) return { stats };
    const bytes = readUpTo(descriptor, Number(before.size));
    return { stats, bytes, statsAfter: packStats(fstatSync(descriptor, exact)) };
  } finally {
    closeSync(descriptor);
  }
}

function create({
  path,
  flags,
  mode,
  permissions,
  bytes,
  mtime,
  isDurable,
}: CreateTask): TaskResult {
  const descriptor = openSync(path, flags, mode);
  try {
    let written = 0;
    while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    if (permissions !== undefined) fchmodSync(descriptor, permissions);
    if (mtime !== undefined) futimesSync(descriptor, Date.now() / 1000, mtime);
    if (isDurable) fsyncSync(descriptor);
    return { descriptor };
  } catch (error) {
    closeSync(descriptor);
    unlinkSync(path);
    throw error;
  }
}

function place({ descriptor, from, to, replaces }: PlaceTask): TaskResult {
  try {
    if (replaces) renameSync(from, to);
    else linkThenUnlink(from, to);
    // A new name changes the file too.
    return { stats: packStats(fstatSync(descriptor, exact)) };
  } finally {
    closeSync(descriptor);
  }
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

function readUpTo(descriptor: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const count = readSync(descriptor, bytes, filled, size - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}
