import picomatch from 'picomatch';

import { ClientError } from '../errors.js';

/**
 * Which part of a tree is meant, by patterns: `*` stands for any characters of a name, `?` for one,
 * `[ab]` for one of several, `{a,b}` for one of several texts, and `**` for any number of folders.
 * They match hidden names, too, and tell upper case from lower.
 *
 * A pattern without a `/` is compared with the name of each file and folder; one with a `/`, except
 * at its end, with the path below the root of the tree. A `/` at its end makes it one for folders.
 * What matches a folder holds for everything in it. The order of patterns does not matter.
 */
export interface FilterOptions {
  /** What to leave out; it wins over `include`. */
  readonly exclude?: readonly string[] | undefined;
  /** Leaves out every file that matches none of these; by default nothing. */
  readonly include?: readonly string[] | undefined;
}

/** What the patterns say about something in a tree. */
interface Verdict {
  readonly isExcluded: boolean;
  readonly isIncluded: boolean;
}

type Pattern = (path: string, name: string, isFolder: boolean) => boolean;

/** Says of everything in a tree whether it is meant. */
export class TreeFilter {
  readonly #exclude: readonly Pattern[];
  readonly #include: readonly Pattern[];
  readonly #root: Verdict;
  /** What is in one folder comes in a row. */
  #lastFolder = '';
  #lastVerdict: Verdict;

  /**
   * @param options - the patterns
   * @throws ClientError `bad-configuration` for a pattern that cannot be one
   */
  constructor({ exclude = [], include = [] }: FilterOptions = {}) {
    this.#exclude = exclude.map(compile);
    this.#include = include.map(compile);
    this.#root = { isExcluded: false, isIncluded: include.length === 0 };
    this.#lastVerdict = this.#root;
  }

  /**
   * @param path - a path below the root of the tree, its parts joined by `/`
   * @param isFolder - whether it is a folder
   * @returns whether it is meant; in a folder that is not, something may be unless it is excluded
   */
  takes(path: string, isFolder: boolean): boolean {
    const { isExcluded, isIncluded } = this.#judge(path, isFolder);
    return isIncluded && !isExcluded;
  }

  /**
   * @param path - the path of a folder below the root of the tree
   * @returns whether nothing in it is meant
   */
  excludes(path: string): boolean {
    return this.#judge(path, true).isExcluded;
  }

  #judge(path: string, isFolder: boolean): Verdict {
    const end = path.lastIndexOf('/');
    const above = end < 0 ? this.#root : this.#judgeFolder(path.slice(0, end));
    if (above.isExcluded) return above;
    const name = path.slice(end + 1);
    const matches = (pattern: Pattern): boolean => pattern(path, name, isFolder);
    return {
      isExcluded: this.#exclude.some(matches),
      isIncluded: above.isIncluded || this.#include.some(matches),
    };
  }

  #judgeFolder(path: string): Verdict {
    if (path !== this.#lastFolder || path === '') {
      const verdict = this.#judge(path, true);
      this.#lastFolder = path;
      this.#lastVerdict = verdict;
    }
    return this.#lastVerdict;
  }
}

function compile(text: string): Pattern {
  const isForFolders = text.endsWith('/');
  const isForPaths = text.replace(/\/+$/u, '').includes('/');
  const pattern = text.replace(/^(?:\.?\/)+|\/+$/gu, '');
  let matches: (text: string) => boolean;
  try {
    if (pattern === '') throw new TypeError('it is empty');
    // What a name may hold, such as a parenthesis or a first "!", stands for itself.
    matches = picomatch(pattern, { dot: true, nonegate: true, noextglob: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown';
    throw new ClientError('bad-configuration', `"${text}" is no pattern: ${reason}`, { cause });
  }
  return (path, name, isFolder) => (isFolder || !isForFolders) && matches(isForPaths ? path : name);
}
