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

import { packError, type PackedError } from '@e2eeftp/task-threads';

import { ContentBlock } from './content-block.js';
import { StatsTable } from './file-stats.js';

/** Reads files whole, those that are files and have no more bytes than the limit. */
interface ReadTask {
  readonly type: 'read';
  readonly paths: readonly string[];
  readonly flags: number;
  readonly limit: number;
}

/** A file that is to be made. */
export interface FileToWrite {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** As `fs.futimes` takes it; by default now. */
  readonly mtime?: number | string | undefined;
  /** Permission bits that it gets whatever the process's mask says; by default those of all. */
  readonly permissions?: number | undefined;
}

/** How files are made. */
export interface WriteOptions {
  readonly flags: number | string;
  readonly mode: number;
  /** Whether the task ends only when the bytes are durable. */
  readonly isDurable: boolean;
}

/** Makes files with all their bytes. Nothing stays of one that fails. */
interface WriteTask extends WriteOptions {
  readonly type: 'write';
  readonly files: readonly FileToWrite[];
}

/** A file that is to get its name. */
export interface FileToPlace {
  readonly from: string;
  readonly to: string;
  /** Whether whatever file has the name is replaced; otherwise this fails with `EEXIST`. */
  readonly replaces: boolean;
}

/** Gives files their names. */
interface PlaceTask {
  readonly type: 'place';
  readonly files: readonly FileToPlace[];
}

/** Looks whether anything has a name. */
/** What the system says of entries of a folder. Whoever follows a link asks for another entry. */
interface LookTask {
  readonly type: 'look';
  /** A path of the folder. */
  readonly folder: string;
  readonly names: readonly string[];
}

interface ExistsTask {
  readonly type: 'exists';
  readonly path: string;
}

/** Makes durable what was added to a folder, or taken from it. */
interface FlushFolderTask {
  readonly type: 'flush-folder';
  readonly path: string;
}

/** Something that is done with small files, or their folder, at once. */
export type Task = ReadTask | WriteTask | PlaceTask | LookTask | ExistsTask | FlushFolderTask;

/** What became of one file of a task: a number whose meaning the task gives it. */
export const fileStates = { failed: 0, done: 1, left: 2, changed: 3, replaced: 4 } as const;

/** What a task gives, as far as it gives that. */
export interface TaskResult {
  /** For each file, one of {@link fileStates}. */
  readonly states?: Uint8Array<ArrayBuffer>;
  /** What the system says of each file, before its bytes were read, or after everything else. */
  readonly stats?: BigInt64Array<ArrayBuffer>;
  /** What went wrong with files, in their order. */
  readonly failures?: readonly PackedError[];
  /** What the files contain, one behind the other. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** How much of that is each file's. */
  readonly lengths?: Float64Array<ArrayBuffer>;
  /** Whether anything has the name. */
  readonly isThere?: boolean;
}

const exact = { bigint: true } as const;

/**
 * Does a task. It returns when the disk has answered, so it belongs on no thread that others wait
 * for.
 *
 * @param task - what is to be done
 * @returns what it gives
 * @throws the system's error, for tasks that are about one thing
 */
export function perform(task: Task): TaskResult {
  switch (task.type) {
    case 'read':
      return readFiles(task);
    case 'write':
      return eachFile(task.files, (file, stats) => {
        stats(writeFile(file, task));
        return fileStates.done;
      });
    case 'place':
      return eachFile(task.files, (file, stats) => {
        const hasReplaced = placeFile(file);
        // A new name changes the file too.
        stats(lstatSync(file.to, exact));
        return hasReplaced ? fileStates.replaced : fileStates.done;
      });
    case 'look':
      return eachFile(task.names, (name, stats) => {
        stats(lstatSync(`${task.folder}/${name}`, exact));
        return fileStates.done;
      });
    case 'exists':
      return { isThere: exists(task.path) };
    case 'flush-folder':
      return flushFolder(task);
  }
}

/** @returns the memory of a result, which changes hands rather than being copied */
export function memoryOf({ states, stats, bytes, lengths }: TaskResult): ArrayBuffer[] {
  return [states, stats, bytes, lengths].flatMap((part) => (part ? [part.buffer] : []));
}

function readFiles({ paths, flags, limit }: ReadTask): TaskResult {
  const block = new ContentBlock(paths.length);
  const lengths = new Float64Array(paths.length);
  const result = eachFile(paths, (path, stats, index) => {
    const descriptor = openSync(path, flags);
    try {
      const before = fstatSync(descriptor, exact);
      stats(before);
      if (!before.isFile() || before.size > limit) return fileStates.left;
      const length = readInto(block.room(Number(before.size)), descriptor);
      const hasChanged = isOther(before, fstatSync(descriptor, exact));
      block.keep(length);
      lengths[index] = length;
      return hasChanged ? fileStates.changed : fileStates.done;
    } finally {
      closeSync(descriptor);
    }
  });
  return { ...result, bytes: block.bytes, lengths };
}

/** Does something with each of several files; one that fails does not stop the others. */
function eachFile<File>(
  files: readonly File[],
  work: (file: File, stats: (stats: BigIntStats) => void, index: number) => number,
): TaskResult {
  const states = new Uint8Array(files.length);
  const table = new StatsTable(files.length);
  const failures: PackedError[] = [];
  for (const [index, file] of files.entries()) {
    try {
      states[index] = work(
        file,
        (stats) => {
          table.set(index, stats);
        },
        index,
      );
    } catch (error) {
      failures.push(packError(error));
    }
  }
  return { states, stats: table.numbers, failures };
}

function writeFile(
  { path, bytes, mtime, permissions }: FileToWrite,
  { flags, mode, isDurable }: WriteOptions,
): BigIntStats {
  const descriptor = openSync(path, flags, mode);
  try {
    let written = 0;
    while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    if (permissions !== undefined) fchmodSync(descriptor, permissions);
    if (mtime !== undefined) futimesSync(descriptor, Date.now() / 1000, mtime);
    if (isDurable) fsyncSync(descriptor);
    return fstatSync(descriptor, exact);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function placeFile({ from, to, replaces }: FileToPlace): boolean {
  const isThere = replaces && exists(to);
  if (replaces) renameSync(from, to);
  else linkThenUnlink(from, to);
  return isThere;
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

function readInto(bytes: Uint8Array<ArrayBuffer>, descriptor: number): number {
  let filled = 0;
  while (filled < bytes.length) {
    const count = readSync(descriptor, bytes, filled, bytes.length - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
