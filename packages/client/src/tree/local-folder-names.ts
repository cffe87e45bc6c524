import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';

/** What a name in a folder stands for, as far as the folder itself says. */
export type NameKind = 'file' | 'directory' | 'link' | 'special' | 'unknown';

/** A name in a folder. */
export interface NamedEntry {
  /** The bytes of the name, one a character. */
  readonly bytes: string;
  readonly kind: NameKind;
}

const kinds: readonly NameKind[] = ['file', 'directory', 'link', 'special', 'unknown'];

/** Names that are read from the system at once. */
const bufferSize = 1024;

/** A folder's names in their order, in little memory: there may be a million of them. */
export class FolderNames {
  /** The bytes of a name, one a character, a NUL, and the place of its kind in {@link kinds}. */
  readonly #packed: string[];

  private constructor(packed: string[]) {
    this.#packed = packed;
  }

  /**
   * @param path - a local folder
   * @returns its names, ordered by their bytes
   * @throws the system's error
   */
  static async read(path: string): Promise<FolderNames> {
    const packed: string[] = [];
    // Latin-1 makes a character of each byte, whatever the name's encoding is.
    const folder = await opendir(path, { encoding: 'latin1', bufferSize });
    for await (const entry of folder) {
      packed.push(`${entry.name}\0${kinds.indexOf(kindOf(entry))}`);
    }
    // No name holds a NUL, and none of its bytes is below, so that what follows does not matter.
    packed.sort(byCharacters);
    return new FolderNames(packed);
  }

  /** How many there are. */
  get length(): number {
    return this.#packed.length;
  }

  /**
   * @param start - the first name
   * @param end - the one behind the last
   * @returns these names
   */
  slice(start: number, end: number): NamedEntry[] {
    return this.#packed.slice(start, end).map((text) => {
      const [bytes = '', kind] = text.split('\0');
      return { bytes, kind: kinds[Number(kind)] ?? 'unknown' };
    });
  }
}

function byCharacters(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function kindOf(entry: Dirent): NameKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'link';
  const isSpecial =
    entry.isSocket() || entry.isFIFO() || entry.isBlockDevice() || entry.isCharacterDevice();
  return isSpecial ? 'special' : 'unknown';
}
