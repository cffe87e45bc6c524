import { Identity, wipe } from '@e2eeftp/crypto';
import {
  beginSealing,
  FileHeadReader,
  FileOpener,
  openingAccess,
  sealingAccess,
  VaultError,
  VaultSecrets,
  type OpeningAccess,
  type SealingAccess,
} from '@e2eeftp/vault';

import type { FileFailure, VaultKeys, VaultResult, VaultTask } from './messages.js';
import { packBytes, unpackBytes } from './packed-bytes.js';
import { packMetadata, unpackMetadata, type PackableMetadata } from './packed-metadata.js';

/** Vaults, and keyrings of them, that are remembered. */
const remembered = 8;

/** A vault that files are sealed for, and opened. */
interface KnownVault {
  readonly secrets: VaultSecrets;
  readonly opening: OpeningAccess;
  /** Only writers seal; asked for when somebody wants to. */
  readonly sealing: () => SealingAccess;
}

/** A file as it came. */
interface PackedFile {
  readonly entry: Uint8Array;
  readonly content: Uint8Array;
}

/** What became of one file. */
interface Made {
  readonly bytes: readonly Uint8Array[];
  readonly metadata: PackableMetadata;
}

const noBytes = new Uint8Array(0);
const noMetadata: PackableMetadata = { mtime: 0, mode: 0, replaces: [] };
const nothing: Made = { bytes: [], metadata: noMetadata };

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
    if (task.type === 'open') {
      return eachFile(task, (file) => open(vault.opening, file));
    }
    const metadata = unpackMetadata(task.metadata);
    return eachFile(task, (file, index) => seal(vault.sealing(), file, metadata[index]));
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
function eachFile(
  { entries, contents }: VaultTask,
  work: (file: PackedFile, index: number) => Made,
): VaultResult {
  const entryIds = unpackBytes(entries);
  const failures = new Map<number, FileFailure>();
  const made = unpackBytes(contents).map((content, index): Made => {
    try {
      return work({ entry: entryIds[index] ?? noBytes, content }, index);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      const { code, message } = error;
      failures.set(index, { code, message });
      return nothing;
    }
  });
  return {
    isUnknown: false,
    contents: packBytes(made.map(({ bytes }) => bytes)),
    metadata: packMetadata(made.map(({ metadata }) => metadata)),
    failures,
  };
}

function seal(access: SealingAccess, { entry, content }: PackedFile, metadata = noMetadata): Made {
  const sealer = beginSealing(access, { entry, metadata });
  return { bytes: [...sealer.start().bytes, ...sealer.finish(content).bytes], metadata };
}

function open(access: OpeningAccess, { entry, content: stored }: PackedFile): Made {
  const reader = new FileHeadReader(access, { entry, storedSize: stored.length });
  const used = reader.receive(stored);
  const head = reader.finish();
  const opener = new FileOpener(head);
  const bytes = [...opener.receive(stored.subarray(used))];
  opener.finish();
  return { bytes, metadata: head.metadata };
}
