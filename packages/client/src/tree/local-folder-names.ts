import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';

import { NameRun, type NumberedName } from './name-run.js';
import { SpilledNames } from './spilled-names.js';

/** What a name in a folder stands for, as far as the folder itself says. */
export type NameKind = 'file' | 'directory' | 'link' | 'special' | 'unknown';

/** A name in a folder. */
export interface NamedEntry {
  /** Its bytes, valid until others are taken. */
  readonly bytes: Buffer;
  readonly kind: NameKind;
}

const kinds: readonly NameKind[] = ['file', 'directory', 'link', 'special', 'unknown'];

/** Names that are read from the system at once. */
const bufferSize = 1024;

/** Bytes of names that are held in memory; of more, a file holds those that are in order already. */
const heldBytes = 2 ** 21;

/**
 * A folder's names in their order, in bounded memory however many they are: what the system says
 * first comes last as often as not, so that all have to be known before the first can be told.
 */
export class LocalFolderNames {
  #held = new NameRun();
  #spilled: SpilledNames | undefined;
  #taken = 0;

  private constructor() {
    // Made by `read`.
  }

  /**
   * @param path - a local folder
   * @returns its names, to be closed
   * @throws the system's error
   */
  static async read(path: string): Promise<LocalFolderNames> {
    const names = new LocalFolderNames();
    try {
      // Latin-1 makes a character of each byte, whatever the name's encoding is.
      const folder = await opendir(path, { encoding: 'latin1', bufferSize });
      for await (const entry of folder) {
        names.#held.add(entry.name, kinds.indexOf(kindOf(entry)));
        if (names.#held.size >= heldBytes) await names.#spill();
      }
      if (names.#spilled) {
        await names.#spill();
        // What it has grown to is not needed while a tree is walked through below this folder.
        names.#held = new NameRun();
      } else {
        names.#held.sort();
      }
      return names;
    } catch (error) {
      await names.close();
      throw error;
    }
  }

  /**
   * @param count - how many
   * @returns the next names, ordered by their bytes; fewer at the end
   */
  async take(count: number): Promise<NamedEntry[]> {
    const names = (await this.#spilled?.take(count)) ?? this.#takeHeld(count);
    return names.map(({ bytes, number }) => ({ bytes, kind: kinds[number] ?? 'unknown' }));
  }

  /** Forgets everything. */
  async close(): Promise<void> {
    await this.#spilled?.close();
    this.#spilled = undefined;
  }

  #takeHeld(count: number): NumberedName[] {
    const names = this.#held.slice(this.#taken, this.#taken + count);
    this.#taken += names.length;
    return names;
  }

  async #spill(): Promise<void> {
    this.#spilled ??= await SpilledNames.create();
    this.#held.sort();
    await this.#spilled.add(this.#held);
    this.#held.clear();
  }
}

function kindOf(entry: Dirent): NameKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'link';
  const isSpecial =
    entry.isSocket() || entry.isFIFO() || entry.isBlockDevice() || entry.isCharacterDevice();
  return isSpecial ? 'special' : 'unknown';
}
