/** Work that has or waits for its paths. */
interface Claim {
  readonly paths: readonly string[];
  readonly done: Promise<void>;
}

/**
 * Lets changes of a tree take turns where they touch each other: two claims exclude each other
 * when a path of one is, contains or is in a path of the other. Turns go in the order of the
 * calls, so that nobody starves, and each claim waits for older ones only, so that none can wait
 * in a circle.
 */
export class PathLocks {
  readonly #claims = new Set<Claim>();

  /**
   * Does work while no other touches its paths.
   *
   * @param paths - what the work may change
   * @param work - begins once its turn has come; its paths are free again when it has ended
   * @returns what the work returns
   */
  async run<Result>(paths: readonly string[], work: () => Promise<Result>): Promise<Result> {
    let release = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      release = resolve;
    });
    const older = [...this.#claims].filter((claim) => exclude(claim.paths, paths));
    const claim = { paths, done };
    this.#claims.add(claim);
    try {
      await Promise.all(older.map((other) => other.done));
      return await work();
    } finally {
      this.#claims.delete(claim);
      release();
    }
  }
}

function exclude(left: readonly string[], right: readonly string[]): boolean {
  return left.some((a) => right.some((b) => a === b || isInside(a, b) || isInside(b, a)));
}

function isInside(inner: string, outer: string): boolean {
  return inner.length > outer.length && inner[outer.length] === '/' && inner.startsWith(outer);
}
