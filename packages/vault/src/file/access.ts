import { defaultBackend, type CryptoBackend, type Identity } from '@e2eeftp/crypto';

import { VaultError } from '../errors.js';
import { judgeEpoch, mayWrite, roleOf, wasWriter } from '../keyring/membership.js';
import type { OpenedKeyring } from '../keyring/open-keyring.js';

/** What it takes to read or write any file of a vault. */
export interface FileAccess {
  /** The primitives to use. */
  readonly backend: CryptoBackend;
  /** The vault's id, 16 bytes. */
  readonly vault: Uint8Array;
  /**
   * @param epoch - the epoch of a file
   * @returns its wrap key, 32 bytes, or `undefined` when there is none
   */
  wrapKey(epoch: number): Uint8Array | undefined;
}

/** What a member knows of a vault when files are opened. */
export interface OpeningAccess extends FileAccess {
  /** The oldest epoch whose files still count. */
  readonly oldest: number;
  /**
   * @param identity - the public key of a sender, 32 bytes
   * @param epoch - the epoch of a file
   * @returns whether that identity was allowed to write in that epoch
   */
  isWriter(identity: Uint8Array, epoch: number): boolean;
}

/** Who seals files, and for which vault and epoch. */
export interface SealingAccess extends FileAccess {
  /** The epoch in force. */
  readonly epoch: number;
  /** Who signs the files. */
  readonly sender: Identity;
}

/** Of an opened keyring, what files are opened and sealed with. */
type Vault = Pick<OpenedKeyring, 'keyring' | 'secrets'>;

/**
 * Lets a member open files: by the keys of his keyring, from whom it believes them. It is of no use
 * after the secrets were disposed of.
 *
 * @param opened - the keyring in force and its secrets, which stay the caller's
 * @param backend - the primitives to use
 * @returns what `FileHeadReader` takes
 */
export function openingAccess(
  opened: Vault,
  backend: CryptoBackend = defaultBackend,
): OpeningAccess {
  const { keyring } = opened;
  return {
    ...fileAccess(opened, backend),
    oldest: keyring.oldest,
    isWriter: (identity, epoch) => wasWriter(keyring, identity, epoch),
  };
}

/**
 * Lets a member seal files, in the epoch in force. It is of no use after the secrets were disposed
 * of, nor once there is a newer keyring: a file that was sealed by an older one may be unreadable.
 *
 * @param opened - the keyring in force and its secrets, which stay the caller's
 * @param sender - the member, who signs what he seals
 * @param backend - the primitives to use
 * @returns what `beginSealing` and `resumeSealing` take
 * @throws VaultError `not-a-writer` when the other members would refuse his files
 */
export function sealingAccess(
  opened: Vault,
  sender: Identity,
  backend: CryptoBackend = defaultBackend,
): SealingAccess {
  const { keyring } = opened;
  if (!mayWrite(roleOf(keyring, sender.publicKey))) {
    throw new VaultError(
      'not-a-writer',
      'You may not write to this vault, so nobody would accept your files; ask an owner to make you a writer',
    );
  }
  return { ...fileAccess(opened, backend), epoch: keyring.epoch, sender };
}

/** Asks for a key each time, since a copy would outlive the secrets, or be zeros once they are wiped. */
function fileAccess({ keyring, secrets }: Vault, backend: CryptoBackend): FileAccess {
  return {
    backend,
    vault: keyring.vault,
    wrapKey: (epoch) =>
      judgeEpoch(keyring, epoch) === 'accepted' ? secrets.keysOf(epoch).wrapKey : undefined,
  };
}
