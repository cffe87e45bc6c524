import { availableParallelism } from 'node:os';

import { wipe, type Identity } from '@e2eeftp/crypto';
import { TaskThreads } from '@e2eeftp/task-threads';
import { VaultError, type FileMetadata, type OpenedKeyring } from '@e2eeftp/vault';

import type {
  FileToOpen,
  FileToSeal,
  OpenedFile,
  VaultKeys,
  VaultResult,
  VaultTask,
} from './messages.js';
import { packBytes, unpackBytes, type PackedBytes } from './packed-bytes.js';
import { packMetadata, unpackMetadata } from './packed-metadata.js';

/** Threads at most when nobody says otherwise: a machine has other things to do, too. */
const defaultThreads = 4;

/** A vault that files are sealed for, and opened. */
export interface ThreadedVault {
  /** The keyring in force, and its secrets, which stay the caller's. */
  readonly opened: Pick<OpenedKeyring, 'keyring' | 'secrets'>;
  /** Who seals. */
  readonly identity: Identity;
}

type Without<Task, Key extends PropertyKey> = Task extends unknown ? Omit<Task, Key> : never;
type Work = Without<VaultTask, 'vault' | 'keys'>;

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
    const metadata = packMetadata(files.map((file) => file.metadata));
    const contents = packBytes(files.map(({ content }) => [content]));
    const work = { type: 'seal', entries: packEntries(files), contents, metadata } as const;
    return this.#ask(vault, work, (bytes) => bytes);
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
    const contents = packBytes(files.map(({ stored }) => [stored]));
    const work = { type: 'open', entries: packEntries(files), contents } as const;
    return this.#ask(vault, work, (content, metadata) => ({ content, metadata }));
  }

  /** Ends the threads. What they have not done yet fails. */
  close(): Promise<void> {
    return this.#threads.close();
  }

  async #ask<Result>(
    vault: ThreadedVault,
    work: Work,
    resultOf: (bytes: Uint8Array, metadata: FileMetadata) => Result,
  ): Promise<(Result | VaultError)[]> {
    const result = await this.#run(vault, work);
    if (result.isUnknown) throw new Error('A thread does not take the keys of a vault');
    const { contents, metadata, failures } = result;
    const bytes = unpackBytes(contents);
    return unpackMetadata(metadata).map((told, index) => {
      const failure = failures.get(index);
      if (failure) return new VaultError(failure.code, failure.message);
      return resultOf(bytes[index] ?? new Uint8Array(0), told);
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

function packEntries(files: readonly { readonly entry: Uint8Array }[]): PackedBytes {
  return packBytes(files.map(({ entry }) => [entry]));
}
