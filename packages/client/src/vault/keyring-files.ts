import { equalBytes } from '@e2eeftp/crypto';
import {
  formatVaultId,
  keyringFolderName,
  keyringPath,
  parseKeyringName,
  vaultLimits,
  vaultPath,
  type KeyringPin,
} from '@e2eeftp/vault';

import { ClientError } from '../errors.js';
import type { RemoteTree } from '../remote-tree.js';

/** What is asked of a server to learn who belongs to a vault. */
export interface KeyringSource extends Pick<RemoteTree, 'getBytes' | 'list'> {
  /** Gives the SHA-256 of a file, 32 bytes, as the server says it. */
  digest(path: string, options: { signal: AbortSignal }): Promise<{ readonly sha256: Uint8Array }>;
}

/** Keyrings that are asked for at once. */
const ahead = 8;

/** The keyrings of a vault as its server has them: nothing here says that they are genuine. */
export class KeyringFiles {
  readonly #source: KeyringSource;
  readonly #vault: Uint8Array;

  /**
   * @param source - asks the server
   * @param vault - the vault's id, 16 bytes
   */
  constructor(source: KeyringSource, vault: Uint8Array) {
    this.#source = source;
    this.#vault = vault;
  }

  /**
   * @param signal - ends the wait
   * @returns the highest number that the server lists
   * @throws ClientError `not-found` when there is no such vault for this client
   */
  async highest(signal: AbortSignal): Promise<number> {
    try {
      return await this.#highest(signal);
    } catch (cause) {
      if (!isMissing(cause)) throw cause;
      throw new ClientError(
        'not-found',
        `The server has no vault ${formatVaultId(this.#vault)} for you: no owner has added you yet, or one removed you, or it was deleted; ask an owner`,
        { cause },
      );
    }
  }

  async #highest(signal: AbortSignal): Promise<number> {
    let highest = 0;
    let count = 0;
    const folder = `${vaultPath(this.#vault)}/${keyringFolderName}`;
    for await (const { path, type } of this.#source.list(folder, { signal })) {
      // A server could list without an end.
      count += 1;
      if (count > vaultLimits.sequence) throw tooMany();
      if (type === 'file') highest = Math.max(highest, parseKeyringName(path) ?? 0);
    }
    return highest;
  }

  /**
   * Says whether the server still shows what was accepted. A server that deceives can say so of
   * anything; the next keyring would tell.
   *
   * @param pin - what was accepted last
   * @param signal - ends the wait
   * @returns no also when there is nothing
   */
  async has({ sequence, hash }: KeyringPin, signal: AbortSignal): Promise<boolean> {
    try {
      const path = keyringPath(this.#vault, sequence);
      const { sha256 } = await this.#source.digest(path, { signal });
      return equalBytes(sha256, hash);
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /**
   * Reads keyrings in their order, some ahead of the loop. It stops before one that is missing.
   *
   * @param first - the number of the first
   * @param last - the number of the last
   * @param signal - ends the wait
   * @returns their bytes
   */
  async *read(
    first: number,
    last: number,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, void> {
    const asked: Promise<Uint8Array | undefined>[] = [];
    for (let sequence = first, next = first; sequence <= last; sequence++) {
      for (; next <= Math.min(last, sequence + ahead - 1); next++) {
        const answer = this.#get(next, signal);
        // Who leaves the loop before does not hear of its failure.
        answer.catch(() => undefined);
        asked.push(answer);
      }
      const keyring = await asked.shift();
      if (!keyring) return;
      yield keyring;
    }
  }

  async #get(sequence: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    try {
      const path = keyringPath(this.#vault, sequence);
      return await this.#source.getBytes(path, { maxSize: vaultLimits.keyring, signal });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'not-found';
}

function tooMany(): ClientError {
  return new ClientError(
    'not-e2eeftp',
    'The server lists more keyrings than a vault can have; ask its operator',
  );
}
