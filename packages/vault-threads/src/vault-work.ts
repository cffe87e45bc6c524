import { Identity, wipe } from '@e2eeftp/crypto';
import {
  beginSealing,
  FileHeadReader,
  FileOpener,
  openingAccess,
  sealingAccess,
  VaultError,
  VaultSecrets,
  type FileMetadata,
  type OpeningAccess,
  type SealingAccess,
} from '@e2eeftp/vault';

import type {
  FileOutcome,
  FileToOpen,
  FileToSeal,
  VaultKeys,
  VaultResult,
  VaultTask,
} from './messages.js';

/** Vaults, and keyrings of them, that are remembered. */
const remembered = 8;

/** A vault that files are sealed for, and opened. */
interface KnownVault {
  readonly secrets: VaultSecrets;
  readonly opening: OpeningAccess;
  /** Only writers seal; asked for when somebody wants to. */
  readonly sealing: () => SealingAccess;
}

/** What became of one file. */
interface Made {
  readonly bytes: readonly Uint8Array[];
  readonly metadata?: FileMetadata;
}

/** Seals and opens small files, wherever it runs. */
export class VaultWork {
  readonly #vaults = new Map<number, KnownVault>();

  /**
   * @param task - what to do
   * @returns what became of each file; or that the keys are missing
   */
  perform(task: VaultTask): VaultResult {
    const { vault: number, keys } = task;
    const vault = this.#vaults.get(number) ?? (keys && this.#learn(number, keys));
    if (!vault) return { isUnknown: true };
    return task.type === 'seal'
      ? eachFile(task.files, (file) => seal(vault.sealing(), file))
      : eachFile(task.files, (file) => open(vault.opening, file));
  }

  #learn(number: number, { keyring, secrets: bytes, seed }: VaultKeys): KnownVault {
    const secrets = new VaultSecrets(keyring.vault, bytes);
    const sender = new Identity(seed);
    wipe(...bytes, seed);
    const opened = { keyring, secrets };
    let sealing: SealingAccess | undefined;
    const vault = {
      secrets,
      opening: openingAccess(opened),
      sealing: () => (sealing ??= sealingAccess(opened, sender)),
    };
    this.#vaults.set(number, vault);
    for (const [oldest, { secrets: old }] of this.#vaults) {
      if (this.#vaults.size <= remembered) break;
      this.#vaults.delete(oldest);
      old.dispose();
    }
    return vault;
  }
}

/** One that fails does not stop the others. */
function eachFile<File>(files: readonly File[], work: (file: File) => Made): VaultResult {
  const all: Uint8Array[] = [];
  const outcomes = files.map((file): FileOutcome => {
    try {
      const { bytes, metadata } = work(file);
      all.push(...bytes);
      const length = bytes.reduce((sum, part) => sum + part.length, 0);
      return metadata ? { length, metadata } : { length };
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      const { code, message } = error;
      return { failure: { code, message } };
    }
  });
  return { isUnknown: false, bytes: joined(all), outcomes };
}

/** In memory that is all its own, to be handed over. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

function seal(access: SealingAccess, { entry, metadata, content }: FileToSeal): Made {
  const sealer = beginSealing(access, { entry, metadata });
  return { bytes: [...sealer.start().bytes, ...sealer.finish(content).bytes] };
}

function open(access: OpeningAccess, { entry, stored }: FileToOpen): Made {
  const reader = new FileHeadReader(access, { entry, storedSize: stored.length });
  const used = reader.receive(stored);
  const head = reader.finish();
  const opener = new FileOpener(head);
  const bytes = [...opener.receive(stored.subarray(used))];
  opener.finish();
  return { bytes, metadata: head.metadata };
}
