import { randomBytes } from 'node:crypto';

import type { StoredFile } from '@e2eeftp/protocol';

import type { EntryFacts } from './file-entry.js';
import { StoreError } from './store-error.js';
import type { OverwritePolicy } from './store.js';
import { branches } from './tree.js';

/** A file in memory, never changed once it is in the tree. */
export class MemoryFile {
  readonly parts: readonly Uint8Array[];
  readonly file: StoredFile;
  readonly facts: EntryFacts;

  /**
   * @param parts - its bytes in pieces
   * @param size - how many they are
   * @param mtime - milliseconds since 1970
   * @param mode - its permission bits
   */
  constructor(parts: readonly Uint8Array[], size: number, mtime: number, mode: number) {
    this.parts = parts;
    this.file = { size, mtime, etag: nextEtag(), mode };
    this.facts = { type: 'file', ...this.file };
  }
}

/** A folder in memory. */
export class MemoryFolder {
  readonly #children = new Map<string, MemoryNode>();
  #mtime = Date.now();
  #etag = nextEtag();

  /** @returns what peers may see of it */
  get facts(): EntryFacts {
    return { type: 'directory', size: 0, mtime: this.#mtime, etag: this.#etag };
  }

  /** @returns the names of what is in it */
  names(): string[] {
    return [...this.#children.keys()];
  }

  /**
   * @param name - a name
   * @returns what has it
   */
  get(name: string): MemoryNode | undefined {
    return this.#children.get(name);
  }

  /**
   * @param name - what it will be called
   * @param node - what to put in, in place of what has the name
   */
  set(name: string, node: MemoryNode): void {
    this.#children.set(name, node);
    this.#changed();
  }

  /** @param name - the name of what to take out */
  remove(name: string): void {
    this.#children.delete(name);
    this.#changed();
  }

  #changed(): void {
    this.#mtime = Date.now();
    this.#etag = nextEtag();
  }
}

/** What is in a tree. */
export type MemoryNode = MemoryFile | MemoryFolder;

/** @returns an empty tree */
export function memoryTree(): MemoryFolder {
  const root = new MemoryFolder();
  for (const branch of branches) root.set(branch, new MemoryFolder());
  return root;
}

/**
 * @param root - the tree
 * @param components - the names that lead to the folder
 * @returns the folder
 * @throws StoreError `not-found`
 */
export function folderAt(root: MemoryFolder, components: readonly string[]): MemoryFolder {
  let folder = root;
  for (const name of components) {
    const inner = folder.get(name);
    if (!(inner instanceof MemoryFolder)) throw new StoreError('not-found', 'There is no folder');
    folder = inner;
  }
  return folder;
}

/**
 * @param root - the tree
 * @param components - the names that lead to the folder
 * @returns the folder, made with those above it where it was missing
 * @throws StoreError `conflict` when a file is on the way; then nothing was made
 */
export function makeFolderAt(root: MemoryFolder, components: readonly string[]): MemoryFolder {
  let folder = root;
  for (const name of components) {
    let inner = folder.get(name);
    if (inner instanceof MemoryFile) throw new StoreError('conflict', 'A file is in the way');
    if (!inner) {
      inner = new MemoryFolder();
      folder.set(name, inner);
    }
    folder = inner;
  }
  return folder;
}

/**
 * Checks that a file may be put into a place.
 *
 * @param existing - what is there
 * @param overwrite - what to do about it
 * @throws StoreError `conflict`
 */
export function requireReplaceable(
  existing: MemoryNode | undefined,
  overwrite: OverwritePolicy,
): void {
  if (existing instanceof MemoryFolder) throw new StoreError('conflict', 'A folder is in the way');
  if (overwrite === 'always') return;
  const wanted = overwrite === 'never' ? undefined : overwrite.etag;
  if (existing?.facts.etag === wanted) return;
  throw new StoreError('conflict', 'The file is not the one that was to be replaced');
}

/**
 * @param node - a file, or a folder with all that is in it
 * @returns the bytes of the files
 */
export function bytesOf(node: MemoryNode): number {
  if (node instanceof MemoryFile) return node.facts.size;
  return node.names().reduce((sum, name) => {
    const child = node.get(name);
    return child ? sum + bytesOf(child) : sum;
  }, 0);
}

const treeId = randomBytes(9).toString('base64url');
let versions = 0;

function nextEtag(): string {
  return `${treeId}-${versions++}`;
}
