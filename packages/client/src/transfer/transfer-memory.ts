import type { DownloadRecord, TransferJournal, TransferKey, UploadRecord } from './journal.js';

/** What a client remembers of transfers that were begun, for a later run. */
export class TransferMemory {
  /** The server's identity, 32 bytes. */
  readonly server: Uint8Array;
  readonly #journal: TransferJournal | undefined;

  /**
   * @param server - the server's identity, 32 bytes
   * @param journal - where it is written down; by default nowhere
   */
  constructor(server: Uint8Array, journal: TransferJournal | undefined) {
    this.server = server;
    this.#journal = journal;
  }

  /** Whether a later run can be told of a transfer. */
  get isKept(): boolean {
    return this.#journal !== undefined;
  }

  /**
   * @param key - a transfer
   * @returns what an earlier run has left about it, unchecked; nothing when it cannot be read
   */
  async recall(key: TransferKey): Promise<unknown> {
    return this.#journal?.find(key).catch(() => undefined);
  }

  /**
   * Tells a later run of a transfer. No transfer fails because that is not possible.
   *
   * @param key - the transfer
   * @param record - what to know of it
   */
  async remember(key: TransferKey, record: UploadRecord | DownloadRecord): Promise<void> {
    await this.#journal?.save(key, record).catch(() => undefined);
  }

  /** @param key - a transfer that a later run need not know of */
  async forget(key: TransferKey): Promise<void> {
    await this.#journal?.forget(key).catch(() => undefined);
  }
}
