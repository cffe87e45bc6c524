import {
  compareNames,
  joinPath,
  ProtocolError,
  type Entry,
  type RemotePath,
} from '@e2eeftp/protocol';

import type { EntryFacts } from './file-entry.js';
import type { ListOptions } from './store.js';

/** A folder as a listing sees it. */
export interface ListedFolder {
  /** @returns the names of what is in it, in the order of `compareNames` */
  names(): Promise<readonly string[]>;
  /**
   * @param names - some of them
   * @returns what each stands for; nothing for what is gone meanwhile or not to be listed
   */
  facts(names: readonly string[]): Promise<(EntryFacts | undefined)[]>;
  /**
   * @param name - the name of a folder in it
   * @returns that folder, which the listing closes; nothing when it is gone meanwhile
   */
  openFolder(name: string): Promise<ListedFolder | undefined>;
  /** Frees what the folder holds. */
  close(): void;
}

/** Entries that are looked at together. */
const batchSize = 1024;

/**
 * Lists a folder, each folder in it before what is in that one: the order of `comparePaths`.
 *
 * @param folder - the folder, which the listing closes
 * @param path - where it is
 * @param options - which part of it
 * @yields its entries, their paths relative to it
 */
export async function* walk(
  folder: ListedFolder,
  path: RemotePath,
  { recursive, after }: ListOptions,
): AsyncGenerator<Entry, void> {
  const rest = after === undefined || after === '' ? [] : after.split('/');
  const levels = [new Level(folder, path, rest)];
  const start = path === '' ? 0 : path.length + 1;
  try {
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      const item = level.take() ?? (await level.takeFromNextBatch());
      if (!item) {
        levels.pop();
        level.close();
        continue;
      }
      if (!item.isListed) yield { path: item.path.slice(start) as RemotePath, ...item.facts };
      if (recursive && item.facts.type === 'directory') {
        const inner = await level.open(item);
        if (inner) levels.push(inner);
      }
    }
  } finally {
    for (const level of levels) level.close();
  }
}

interface Item {
  readonly path: RemotePath;
  readonly name: string;
  readonly facts: EntryFacts;
  /** Whether an earlier part of the listing ended at it, or in it. */
  readonly isListed: boolean;
}

/** A folder that a listing is in. */
class Level {
  readonly #folder: ListedFolder;
  readonly #path: RemotePath;
  /** Where an earlier part of the listing ended, from here. */
  readonly #after: readonly string[];
  #names: readonly string[] | undefined;
  #nextName = 0;
  #batch: Item[] = [];
  #nextItem = 0;

  constructor(folder: ListedFolder, path: RemotePath, after: readonly string[]) {
    this.#folder = folder;
    this.#path = path;
    this.#after = after;
  }

  take(): Item | undefined {
    return this.#batch[this.#nextItem++];
  }

  async takeFromNextBatch(): Promise<Item | undefined> {
    const names = (this.#names ??= await this.#readNames());
    while (this.#nextName < names.length) {
      const batch = names.slice(this.#nextName, this.#nextName + batchSize);
      this.#nextName += batch.length;
      this.#batch = this.#items(batch, await this.#folder.facts(batch));
      this.#nextItem = 0;
      const item = this.take();
      if (item) return item;
    }
    return undefined;
  }

  async open(item: Item): Promise<Level | undefined> {
    const folder = await this.#folder.openFolder(item.name);
    return folder && new Level(folder, item.path, item.isListed ? this.#after.slice(1) : []);
  }

  close(): void {
    this.#folder.close();
  }

  async #readNames(): Promise<readonly string[]> {
    const [first] = this.#after;
    const names = await this.#folder.names();
    if (first !== undefined) this.#nextName = firstFrom(names, first);
    return names;
  }

  #items(names: readonly string[], facts: readonly (EntryFacts | undefined)[]): Item[] {
    return names.flatMap((name, index) => {
      const known = facts[index];
      const path = known && this.#pathOf(name);
      if (!known || path === undefined) return [];
      return { path, name, facts: known, isListed: name === this.#after[0] };
    });
  }

  /** Nothing for what could not be asked for by its path. */
  #pathOf(name: string): RemotePath | undefined {
    try {
      return joinPath(this.#path, name);
    } catch (error) {
      if (error instanceof ProtocolError) return undefined;
      throw error;
    }
  }
}

/** The index of the first name that is not before another one. */
function firstFrom(names: readonly string[], name: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareNames(names[middle] ?? '', name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
