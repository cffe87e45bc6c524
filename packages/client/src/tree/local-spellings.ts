import { lstat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { printable } from '@e2eeftp/protocol';

import { ClientError } from '../errors.js';
import { partPathFor } from '../transfer/part-name.js';

/** What a name is in the probe, and what it is to a file system that does not tell spellings apart. */
const probe = { name: 'caf\u00E9', otherwise: ['CAF\u00C9', 'cafe\u0301'] } as const;

/** The names of one folder that have come. */
interface Level {
  readonly folder: string;
  /** By what they are when spelling is left out. */
  readonly names: Map<string, string>;
}

/**
 * Notices names that one file system takes for one and another for two: in case, or in Unicode's
 * composition. What came second would take the place of what came first, and both would count as
 * received. Paths have to come in the order of a walk.
 */
export class LocalSpellings {
  readonly #levels: Level[] = [];

  /**
   * @param path - what comes next, its parts joined by `/`
   * @returns why it cannot be beside what came before, if it cannot
   */
  collision(path: string): ClientError | undefined {
    const parts = path.split('/');
    for (const [depth, name] of parts.entries()) {
      const { names } = this.#level(depth, parts.slice(0, depth).join('/'));
      const folded = fold(name);
      const other = names.get(folded);
      if (other === undefined) names.set(folded, name);
      else if (other !== name) return collisionOf(other, name);
    }
    return undefined;
  }

  #level(depth: number, folder: string): Level {
    const known = this.#levels[depth];
    if (known?.folder === folder) return known;
    const level = { folder, names: new Map<string, string>() };
    // A walk does not come back to what it has left.
    this.#levels.splice(depth, Infinity, level);
    return level;
  }
}

/** Something of a tree, and why it cannot be in the local folder, if it cannot. */
export interface Spelled<Item> {
  readonly item: Item;
  readonly collision: ClientError | undefined;
}

/**
 * @param items - a tree, in the order of a walk
 * @param spellings - what notices names that are one
 * @param isToCome - whether something of it is to be there
 * @yields the same, and what cannot be beside what came before
 */
export async function* spelledApart<Item extends { readonly path: string }>(
  items: AsyncIterable<Item>,
  spellings: LocalSpellings | undefined,
  isToCome: (item: Item) => boolean = () => true,
): AsyncGenerator<Spelled<Item>, void, void> {
  for await (const item of items) {
    yield { item, collision: isToCome(item) ? spellings?.collision(item.path) : undefined };
  }
}

/**
 * @param folder - a local folder
 * @returns what notices names that are one there; nothing where every spelling is a name of its own,
 *   or where nothing can be written anyway
 */
export async function spellingsIn(folder: string): Promise<LocalSpellings | undefined> {
  return (await foldsNames(folder)) ? new LocalSpellings() : undefined;
}

/**
 * Only the file system can tell: that of a stick is not the operating system's. What is made for that
 * has a name by which it is known for nobody's file, and for a leftover if it stays.
 */
async function foldsNames(folder: string): Promise<boolean> {
  const path = partPathFor(join(folder, probe.name));
  try {
    await writeFile(path, '', { flag: 'wx', mode: 0o600 });
  } catch {
    return false;
  }
  try {
    for (const name of probe.otherwise) {
      const otherwise = basename(path).replace(probe.name, name);
      if (await isThere(join(dirname(path), otherwise))) return true;
    }
    return false;
  } finally {
    await unlink(path);
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Folds as file systems do, one character for one: "ß" and "ss" stay two names. */
function fold(name: string): string {
  let folded = '';
  for (const character of name.normalize('NFC')) {
    const upper = character.toUpperCase();
    folded += upper.length === character.length ? upper.toLowerCase() : character.toLowerCase();
  }
  return folded.normalize('NFC');
}

function collisionOf(other: string, name: string): ClientError {
  return new ClientError(
    'bad-name',
    `"${printable(other)}" and "${printable(name)}" are one name on this file system; rename one of them on the server, or fetch them into two folders`,
  );
}
