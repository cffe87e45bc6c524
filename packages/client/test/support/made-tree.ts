import { collect } from './collect.js';
import type { RemoteTree } from '../../src/index.js';

/** A tree that a test can do with as it likes, and what is particular about it. */
export interface MadeTree {
  readonly tree: RemoteTree;
  /** The folder that everything is put into; empty for the root. */
  readonly root: string;
  /** Bytes that a name may have. */
  readonly longestName: number;
}

/** Gives a tree with nothing in it. */
export type MakeTree = () => Promise<MadeTree>;

/** A tree, as tests of it see it. */
export interface BegunTree extends MadeTree {
  /** The path of something below the root. */
  at(path: string): string;
  /** The paths of what is in a folder below the root. */
  names(path: string, recursive?: boolean): Promise<string[]>;
}

/** Begins a test. */
export async function beginTree(make: MakeTree): Promise<BegunTree> {
  const made = await make();
  const { tree, root } = made;
  const at = (path: string): string => [root, path].filter((part) => part !== '').join('/');
  return {
    ...made,
    at,
    names: async (path, recursive = false) =>
      (await collect(tree.list(at(path), { recursive }))).map((entry) => entry.path),
  };
}
