import { hash, randomBytes } from 'node:crypto';

import type { FileStats } from '@e2eeftp/file-io';
import { limits, type Entry, type StoredFile } from '@e2eeftp/protocol';

import { StoreError } from './store-error.js';

/** What an entry of a listing says besides its path. */
export type EntryFacts = Omit<Entry, 'path'>;

/** Nanoseconds after which every file system gives a further change another time stamp. */
const settlingTime = 2_000_000_000n;

/** Characters of an etag: 132 bits of a digest. */
const etagLength = 22;

/** Distinguishes the etags of changing entries from those of an earlier process. */
const processId = randomBytes(16).toString('hex');
let unsettledCount = 0;

/**
 * @param stats - what the file system says
 * @returns what peers may see of it; nothing for what is neither a file nor a folder
 */
export function entryFacts(stats: FileStats): EntryFacts | undefined {
  if (stats.isFile()) return { type: 'file', ...storedFile(stats) };
  if (!stats.isDirectory()) return undefined;
  return { type: 'directory', size: 0, mtime: milliseconds(stats.mtimeNs), etag: etagOf(stats) };
}

/**
 * @param stats - what the file system says of a file
 * @returns the file
 */
export function storedFile(stats: FileStats): StoredFile {
  return {
    size: Number(stats.size),
    mtime: milliseconds(stats.mtimeNs),
    etag: etagOf(stats),
    mode: Number(stats.mode) & limits.mode,
  };
}

/**
 * @param stats - what the file system says of a file
 * @returns which file of the disk it is, whatever its names are
 */
export function inodeOf({ dev, ino }: FileStats): string {
  return `${dev}:${ino}`;
}

/**
 * Checks that something is still what it was when its etag was told.
 *
 * @param facts - what is there
 * @param etag - the one that it must have; without it, it may be anything
 * @throws StoreError `conflict`
 */
export function requireVersion({ etag: actual }: EntryFacts, etag: string | undefined): void {
  if (etag === undefined || etag === actual) return;
  throw new StoreError('conflict', 'It is another version than the one that was meant');
}

/** An etag: the same while nothing changes, another one after every change. */
function etagOf(stats: FileStats): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  const unsettled = isSettled(stats) ? '' : `:${processId}:${unsettledCount++}`;
  const version = `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}${unsettled}`;
  return hash('sha256', version, 'base64url').slice(0, etagLength);
}

/**
 * Says whether a further change must leave another version in the time stamps.
 *
 * They are as coarse as the kernel's tick, or two seconds on some file systems: two changes within
 * one leave the same stamps. So the etag of what has just changed is good for one answer only, and
 * whoever holds it takes the entry for changed, which costs a second look and hides nothing.
 *
 * A file's etag has to hold at once, though, for a condition on what was just uploaded. A write
 * gives a file one and the same mtime and ctime; the store sets the mtime of its own files by hand
 * (`uniqueMtime`). Where the two differ, any further write shows, and a file that the store puts in
 * the place has another mtime, though it may have got the inode of the one before.
 *
 * @param stats - what the file system says
 * @returns whether it must
 */
export function isSettled(stats: FileStats): boolean {
  const now = BigInt(Date.now()) * 1_000_000n;
  if (stats.ctimeNs < now - settlingTime) return true;
  return stats.isFile() && stats.mtimeNs !== stats.ctimeNs;
}

let mtimeCount = 0;

/**
 * Gives a time as the file system takes it, with a fraction of a millisecond that differs from one
 * call to the next, so that no two files which follow each other in one place look the same.
 *
 * @param milliseconds - since 1970
 * @returns seconds since 1970; as a text, since Node takes numbers below zero for the present
 */
export function uniqueMtime(milliseconds: number): string {
  // Node cuts off what is below a microsecond: from the middle of one, the errors of floating-point
  // numbers lead into no other. Neither the first nor the last leads into another millisecond.
  const microseconds = 1.5 + (mtimeCount++ % 997);
  return String((milliseconds + microseconds / 1000) / 1000);
}

/** Rounds down, also before 1970. */
function milliseconds(nanoseconds: bigint): number {
  return Math.floor(Number(nanoseconds / 1000n) / 1000);
}
