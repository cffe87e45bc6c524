/** Lets changes of a tree take turns where they touch each other. */
export interface PathLocking {
  /**
   * Does work while no other touches its paths, or what is above or below them.
   *
   * @param paths - what the work may change
   * @param work - begins once its turn has come
   * @returns what the work returns
   */
  run<Result>(paths: readonly string[], work: () => Promise<Result>): Promise<Result>;
}

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
export class PathLocks implements PathLocking {
  /** Who has or waits for a path. */
  readonly #claims = new Map<string, Set<Claim>>();
  /** Who has or waits for something in a path. */
  readonly #claimsInside = new Map<string, Set<Claim>>();

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
    const older = this.#excludedBy(paths);
    const claim = { paths, done };
    this.#enter(claim);
    try {
      await Promise.all(Array.from(older, (other) => other.done));
      return await work();
    } finally {
      this.#leave(claim);
      release();
    }
  }

  #excludedBy(paths: readonly string[]): Set<Claim> {
    const excluded = new Set<Claim>();
    const add = (claims: Set<Claim> | undefined): void => {
      for (const claim of claims ?? []) excluded.add(claim);
    };
    for (const path of paths) {
      add(this.#claims.get(path));
      add(this.#claimsInside.get(path));
      for (const above of foldersAbove(path)) add(this.#claims.get(above));
    }
    return excluded;
  }

  #enter(claim: Claim): void {
    for (const path of claim.paths) {
      addTo(this.#claims, path, claim);
      for (const above of foldersAbove(path)) addTo(this.#claimsInside, above, claim);
    }
  }

  #leave(claim: Claim): void {
    for (const path of claim.paths) {
      removeFrom(this.#claims, path, claim);
      for (const above of foldersAbove(path)) removeFrom(this.#claimsInside, above, claim);
    }
  }
}

function* foldersAbove(path: string): Generator<string, void, void> {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    yield path.slice(0, end);
  }
}

function addTo(claims: Map<string, Set<Claim>>, path: string, claim: Claim): void {
  const there = claims.get(path);
  if (there) there.add(claim);
  else claims.set(path, new Set([claim]));
}

function removeFrom(claims: Map<string, Set<Claim>>, path: string, claim: Claim): void {
  const there = claims.get(path);
  if (there?.delete(claim) === true && there.size === 0) claims.delete(path);
}
