import { isUtf8 } from 'node:buffer';
import { readdir, stat } from 'node:fs/promises';

import { compareNames } from '@e2eeftp/protocol';

import { isSettled } from './file-entry.js';
import type { Folder } from './folder.js';
import { asStoreError } from './system-errors.js';

/** Names from which on it takes long to read and order them again for the next page of a list. */
const worthKeeping = 1000;

/** Bytes that kept names take, about, and what each takes besides its characters. */
const keptBytes = 2 ** 26;
const bytesOfName = 32;

/** Milliseconds after which nobody is expected to ask for the next page. */
const patience = 30_000;

interface Kept {
  readonly version: string;
  readonly names: readonly string[];
  readonly bytes: number;
  usedAt: number;
}

/**
 * Reads the names of folders, and keeps those of large ones for a while: a list comes in pages, and
 * each needs all names in their order. They are used only while the folder says that it is
 * unchanged since well before they were read.
 */
export class FolderNames {
  /** By the folders' inodes, the one used last at the end. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  #cleaning: NodeJS.Timeout | undefined;

  /**
   * @param folder - a folder
   * @returns the names in it that can be a part of a path, in the order of `compareNames`
   * @throws StoreError
   */
  async of(folder: Folder): Promise<readonly string[]> {
    try {
      const stats = await stat(folder.base, { bigint: true });
      const key = `${stats.dev}:${stats.ino}`;
      const version = `${stats.mtimeNs}:${stats.ctimeNs}`;
      const kept = this.#take(key);
      if (kept?.version === version) {
        this.#keep(key, kept);
        return kept.names;
      }
      // What has changed a moment ago may change again without another time stamp.
      const mayBeKept = isSettled(stats);
      const names = await readNames(folder);
      if (mayBeKept && names.length >= worthKeeping) {
        this.#keep(key, { version, names, bytes: bytesOf(names) });
      }
      return names;
    } catch (error) {
      throw asStoreError('Cannot read a folder', error);
    }
  }

  /** Forgets everything. */
  close(): void {
    this.#kept.clear();
    this.#bytes = 0;
    clearInterval(this.#cleaning);
    this.#cleaning = undefined;
  }

  #take(key: string): Kept | undefined {
    const kept = this.#kept.get(key);
    if (!kept) return undefined;
    this.#kept.delete(key);
    this.#bytes -= kept.bytes;
    return kept;
  }

  #keep(key: string, kept: Omit<Kept, 'usedAt'>): void {
    if (kept.bytes > keptBytes) return;
    // Another call may have read the same folder meanwhile.
    this.#take(key);
    this.#kept.set(key, { ...kept, usedAt: performance.now() });
    this.#bytes += kept.bytes;
    for (const other of this.#kept.keys()) {
      if (this.#bytes <= keptBytes) break;
      this.#take(other);
    }
    this.#cleaning ??= setInterval(() => {
      this.#clean();
    }, patience).unref();
  }

  #clean(): void {
    for (const [key, { usedAt }] of this.#kept) {
      if (performance.now() - usedAt >= patience) this.#take(key);
    }
    if (this.#kept.size > 0) return;
    clearInterval(this.#cleaning);
    this.#cleaning = undefined;
  }
}

function bytesOf(names: readonly string[]): number {
  let bytes = 0;
  for (const { length } of names) bytes += length + bytesOfName;
  return bytes;
}

async function readNames(folder: Folder): Promise<readonly string[]> {
  // Latin-1 makes a character of each byte, whatever the name's encoding is: as buffers, the names
  // of a large folder would take several times the memory.
  const all = await readdir(folder.base, { encoding: 'latin1' });
  await folder.verify();
  const names: string[] = [];
  for (const bytes of all) {
    const name = asName(bytes);
    if (name !== undefined) names.push(name);
  }
  return names.sort(compareNames);
}

/** What is no UTF-8 has no path, and decoding it could make it look like something that has. */
function asName(latin1: string): string | undefined {
  if (/^[\u0000-\u007f]*$/u.test(latin1)) return latin1;
  const bytes = Buffer.from(latin1, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : undefined;
}
