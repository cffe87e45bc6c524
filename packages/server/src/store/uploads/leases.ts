/** The right to use something until somebody newer wants it. */
export interface Lease {
  /** Whether somebody else wants it: the holder is to release it soon. */
  readonly isRevoked: boolean;
  /** Gives it back, once nothing of it is in use any more. */
  release(): void;
}

interface Holder {
  revoke(): void;
  readonly released: Promise<void>;
}

/**
 * Lets at most one at a time hold what a name stands for, and the newest win: whoever holds it is
 * told to give it back when somebody else wants it.
 */
export class Leases {
  readonly #holders = new Map<string, Holder>();

  /**
   * @param name - what is wanted
   * @param onRevoke - told once that somebody else wants it
   * @returns the lease, once the holder before has released it
   */
  async acquire(name: string, onRevoke: () => void): Promise<Lease> {
    for (;;) {
      const holder = this.#holders.get(name);
      if (!holder) break;
      holder.revoke();
      await holder.released;
    }
    let isRevoked = false;
    let settle = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const revoke = (): void => {
      if (isRevoked) return;
      isRevoked = true;
      onRevoke();
    };
    this.#holders.set(name, { revoke, released });
    return {
      get isRevoked() {
        return isRevoked;
      },
      release: () => {
        this.#holders.delete(name);
        settle();
      },
    };
  }

  /**
   * @param name - what may be held
   * @returns whether somebody holds it
   */
  isHeld(name: string): boolean {
    return this.#holders.has(name);
  }
}
