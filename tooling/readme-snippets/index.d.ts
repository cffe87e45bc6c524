/** What was found in a README, and went well. */
export interface ReadmeSnippets {
  /** Blocks that were run. */
  readonly ran: number;
}

/**
 * Runs the code blocks of a README in its package's folder, each as a program of its own.
 *
 * A `ts` block is type-checked against the built package, and it and a `js` block run in a Node of
 * their own, where the package is found by its name. A block marked `sh run` runs in an empty
 * folder, with the package's own programs on the path; other blocks are left alone.
 *
 * @param readme - the file
 * @returns how many blocks ran
 * @throws Error naming each block that fails by its line, with what it printed; or when the file
 *   has no block to run
 */
export function runReadmeSnippets(readme: URL): Promise<ReadmeSnippets>;
