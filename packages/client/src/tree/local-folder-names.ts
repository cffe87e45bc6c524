import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';

/** What a name in a folder stands for, as far as the folder itself says. */
export type NameKind = 'file' | 'directory' | 'link' | 'special' | 'unknown';

/** A name in a folder. */
export interface NamedEntry {
  /** Its bytes, valid as long as nobody writes to them. */
  readonly bytes: Buffer;
  readonly kind: NameKind;
}

const kinds: readonly NameKind[] = ['file', 'directory', 'link', 'special', 'unknown'];

/** Names that are read from the system at once. */
const bufferSize = 1024;

/** Bytes of memory that are taken at once for names, as a power of two; small folders take less. */
const blockBits = 20;
const blockSize = 2 ** blockBits;
const smallBlockSize = 8192;

/** Bytes before each name: its kind, and its length in two. */
const headerSize = 3;

const noBlock = Buffer.alloc(headerSize);

/**
 * A folder's names in their order. There may be a million of them: as objects, they would take
 * several hundred megabytes, and the engine's garbage as much again.
 */
export class FolderNames {
  readonly #blocks: Buffer[] = [];
  /** Bytes of the last block that are taken. */
  #taken = 0;
  /** Where each name is: the number of its block, and its place there. */
  #places = new Uint32Array(64);
  #length = 0;

  private constructor() {
    // Made by `read`.
  }

  /**
   * @param path - a local folder
   * @returns its names, ordered by their bytes
   * @throws the system's error
   */
  static async read(path: string): Promise<FolderNames> {
    const names = new FolderNames();
    // Latin-1 makes a character of each byte, whatever the name's encoding is.
    const folder = await opendir(path, { encoding: 'latin1', bufferSize });
    for await (const entry of folder) names.#add(entry.name, kinds.indexOf(kindOf(entry)));
    names.#places = names.#places.subarray(0, names.#length);
    names.#places.sort((a, b) => names.#compare(a, b));
    return names;
  }

  /** How many there are. */
  get length(): number {
    return this.#length;
  }

  /**
   * @param start - the first name
   * @param end - the one behind the last
   * @returns these names
   */
  slice(start: number, end: number): NamedEntry[] {
    return Array.from(this.#places.subarray(start, end), (place) => {
      const block = this.#blockOf(place);
      const start = (place & (blockSize - 1)) + headerSize;
      const kind = kinds[block.readUInt8(start - headerSize)] ?? 'unknown';
      return { bytes: block.subarray(start, start + lengthAt(block, start)), kind };
    });
  }

  #add(name: string, kind: number): void {
    const size = headerSize + name.length;
    let block = this.#blocks.at(-1);
    if (!block || this.#taken + size > block.length) {
      // Most folders are small; whoever has filled one block will fill others.
      block = Buffer.allocUnsafeSlow(block ? blockSize : smallBlockSize);
      this.#blocks.push(block);
      this.#taken = 0;
    }
    const start = this.#taken;
    block.writeUInt8(kind, start);
    block.writeUInt16BE(name.length, start + 1);
    block.write(name, start + headerSize, 'latin1');
    this.#taken += size;
    if (this.#length === this.#places.length) {
      const more = new Uint32Array(this.#length * 2);
      more.set(this.#places);
      this.#places = more;
    }
    this.#places[this.#length] = (this.#blocks.length - 1) * blockSize + start;
    this.#length += 1;
  }

  /** Called some twenty times for each name: it makes no objects. */
  #compare(a: number, b: number): number {
    const left = this.#blockOf(a);
    const right = this.#blockOf(b);
    const leftStart = (a & (blockSize - 1)) + headerSize;
    const rightStart = (b & (blockSize - 1)) + headerSize;
    return left.compare(
      right,
      rightStart,
      rightStart + lengthAt(right, rightStart),
      leftStart,
      leftStart + lengthAt(left, leftStart),
    );
  }

  #blockOf(place: number): Buffer {
    return this.#blocks[place >>> blockBits] ?? noBlock;
  }
}

/** Bytes of the name that begins at a place of a block. */
function lengthAt(block: Buffer, start: number): number {
  return block.readUInt16BE(start - 2);
}

function kindOf(entry: Dirent): NameKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'link';
  const isSpecial =
    entry.isSocket() || entry.isFIFO() || entry.isBlockDevice() || entry.isCharacterDevice();
  return isSpecial ? 'special' : 'unknown';
}
