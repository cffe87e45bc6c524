/** Where a server keeps the cards that clients have published, one for each identity. */
export interface CardStore {
  /**
   * @param identity - an Ed25519 public key, 32 bytes
   * @returns the card that was published last, or nothing
   */
  find(identity: Uint8Array): Promise<Uint8Array | undefined>;
  /**
   * Keeps a card in the place of the one before, durably.
   *
   * @param identity - whose card it is, which the caller has checked
   * @param card - the card, which does not change afterwards
   */
  publish(identity: Uint8Array, card: Uint8Array): Promise<void>;
}

/** Keeps cards in memory, for as long as the process runs. */
export class MemoryCards implements CardStore {
  readonly #cards = new Map<string, Uint8Array>();

  find(identity: Uint8Array): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#cards.get(cardName(identity)));
  }

  publish(identity: Uint8Array, card: Uint8Array): Promise<void> {
    this.#cards.set(cardName(identity), card);
    return Promise.resolve();
  }
}

/**
 * @param identity - an Ed25519 public key, 32 bytes
 * @returns what its card is kept under
 */
export function cardName(identity: Uint8Array): string {
  return Buffer.from(identity).toString('hex');
}
