import { availableParallelism } from 'node:os';

import { wipe, type Identity } from '@e2eeftp/crypto';
import { TaskThreads } from '@e2eeftp/task-threads';
import { VaultError, type OpenedKeyring } from '@e2eeftp/vault';

import type {
  FileOutcome,
  FileToOpen,
  FileToSeal,
  OpenedFile,
  VaultKeys,
  VaultResult,
  VaultTask,
} from './messages.js';

/** Threads at most when nobody says otherwise: a machine has other things to do, too. */
const defaultThreads = 4;

/** A vault that files are sealed for, and opened. */
export interface ThreadedVault {
  /** The keyring in force, and its secrets, which stay the caller's. */
  readonly opened: Pick<OpenedKeyring, 'keyring' | 'secrets'>;
  /** Who seals. */
  readonly identity: Identity;
}

type Work =
  | Pick<Extract<VaultTask, { type: 'seal' }>, 'type' | 'files'>
  | Pick<Extract<VaultTask, { type: 'open' }>, 'type' | 'files'>;

/**
 * Seals and opens small files of vaults in threads of their own: the signature alone takes longer than
 * everything else that is done about such a file.
 *
 * A thread is given a vault's secrets and the seed of who seals when it first has to do with the vault,
 * and keeps them until {@link VaultThreads.close}. For large files, use `FileSealer` and `FileOpener`.
 */
export class VaultThreads {
  readonly #threads: TaskThreads<VaultTask, VaultResult>;
  /** Keyrings that were opened, and who seals with them, are named by numbers. */
  readonly #numbers = new WeakMap<object, WeakMap<Identity, number>>();
  #count = 0;

  /** @param threads - how many at most; by default one for each core, up to four */
  constructor(threads = Math.min(availableParallelism(), defaultThreads)) {
    const script = new URL('./thread.js', import.meta.url);
    this.#threads = new TaskThreads({ script, threads, spreads: true });
  }

  /**
   * Seals files, each with keys that no other has.
   *
   * @param vault - for which vault, and who seals
   * @param files - which
   * @returns each as it is to be stored, behind the one before in memory; or why it is not
   * @throws Error when the threads have died or were closed
   */
  async seal(
    vault: ThreadedVault,
    files: readonly FileToSeal[],
  ): Promise<readonly (Uint8Array | VaultError)[]> {
    return this.#ask(vault, { type: 'seal', files }, (bytes) => bytes);
  }

  /**
   * Opens whole files and checks who has sent them.
   *
   * @param vault - of which vault
   * @param files - which
   * @returns each as its sender signed it; or why it is not that
   * @throws Error when the threads have died or were closed
   */
  async open(
    vault: ThreadedVault,
    files: readonly FileToOpen[],
  ): Promise<readonly (OpenedFile | VaultError)[]> {
    return this.#ask(vault, { type: 'open', files }, (content, { metadata }) => {
      if (!metadata) throw new Error('A thread has answered something else');
      return { content, metadata };
    });
  }

  /** Ends the threads. What they have not done yet fails. */
  close(): Promise<void> {
    return this.#threads.close();
  }

  async #ask<Result>(
    vault: ThreadedVault,
    work: Work,
    resultOf: (bytes: Uint8Array, outcome: Exclude<FileOutcome, { failure: unknown }>) => Result,
  ): Promise<(Result | VaultError)[]> {
    const result = await this.#run(vault, work);
    if (result.isUnknown) throw new Error('A thread does not take the keys of a vault');
    let position = 0;
    return result.outcomes.map((outcome) => {
      if ('failure' in outcome) {
        return new VaultError(outcome.failure.code, outcome.failure.message);
      }
      return resultOf(result.bytes.subarray(position, (position += outcome.length)), outcome);
    });
  }

  async #run(threaded: ThreadedVault, work: Work): Promise<VaultResult> {
    const vault = this.#numberOf(threaded);
    const result = await this.#threads.run({ vault, ...work });
    if (!result.isUnknown) return result;
    const { opened, identity } = threaded;
    const { keyring, secrets } = opened;
    const keys: VaultKeys = {
      keyring,
      secrets: secrets.exportSecrets(),
      seed: identity.exportSeed(),
    };
    try {
      return await this.#threads.run({ vault, keys, ...work });
    } finally {
      wipe(...keys.secrets, keys.seed);
    }
  }

  #numberOf({ opened, identity }: ThreadedVault): number {
    const numbers = this.#numbers.get(opened) ?? new WeakMap<Identity, number>();
    this.#numbers.set(opened, numbers);
    const number = numbers.get(identity) ?? this.#count++;
    numbers.set(identity, number);
    return number;
  }
}
