/**
 * Where a server keeps the cards that clients have published, one for each fingerprint: that is what
 * people tell each other.
 */
export interface CardStore {
  /**
   * @param fingerprint - somebody's, as `fingerprint` gives it
   * @returns the card that was published last, or nothing
   */
  find(fingerprint: string): Promise<Uint8Array | undefined>;
  /**
   * Keeps a card in the place of the one before, durably.
   *
   * @param fingerprint - whose card it is, which the caller has checked
   * @param card - the card, which does not change afterwards
   */
  publish(fingerprint: string, card: Uint8Array): Promise<void>;
}

/** Keeps cards in memory, for as long as the process runs. */
export class MemoryCards implements CardStore {
  readonly #cards = new Map<string, Uint8Array>();

  find(fingerprint: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#cards.get(fingerprint));
  }

  publish(fingerprint: string, card: Uint8Array): Promise<void> {
    this.#cards.set(fingerprint, card);
    return Promise.resolve();
  }
}
