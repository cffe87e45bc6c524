import { defaultBackend, equalBytes, wipe, type CryptoBackend } from '@e2eeftp/crypto';

import { VaultError } from '../errors.js';
import type { SealingIdentity } from '../identity/sealing-identity.js';
import type { Keyring } from './keyring.js';
import type { KeyringChain, KeyringPin } from './keyring-chain.js';
import { readContents } from './sealed-contents.js';
import { VaultSecrets } from './vault-secrets.js';

/** A vault as a member sees it: the keyring in force and what is sealed in it. */
export interface OpenedKeyring {
  readonly keyring: Keyring;
  /** Where the chain stood; the next keyring names its hash. */
  readonly pin: KeyringPin;
  /** What the owners call the vault; put it through `printable` before you show it. */
  readonly name: string;
  /** The secrets of all epochs; dispose of them when the vault is closed. */
  readonly secrets: VaultSecrets;
}

/**
 * Opens the current keyring of a chain as a member: the second half of the check, which needs a
 * member's key and so cannot be made by a server.
 *
 * @param chain - whose last keyring was accepted
 * @param sealing - the member's sealing identity
 * @param earlier - the secrets of a keyring that this member opened before; they must be unchanged,
 *   or what was written with them would be lost
 * @param backend - the primitives to use
 * @returns the name and the secrets
 * @throws VaultError `not-a-member`, `unopenable`, `malformed`, `wrong-contents`, `secrets-changed`
 */
export function openKeyring(
  chain: KeyringChain,
  sealing: SealingIdentity,
  earlier?: VaultSecrets,
  backend: CryptoBackend = defaultBackend,
): OpenedKeyring {
  const { current: keyring, pin } = chain;
  const plaintext = open(keyring, sealing);
  try {
    const contents = readContents(plaintext, keyring);
    const secrets = new VaultSecrets(keyring.vault, contents.secrets, backend);
    wipe(...contents.secrets);
    if (earlier && !secrets.continues(earlier)) {
      secrets.dispose();
      throw new VaultError(
        'secrets-changed',
        `The keyring ${keyring.sequence} replaces secrets of earlier epochs, and what was written with them could not be read any longer; ask the owners who of them made it`,
      );
    }
    return { keyring, pin, name: contents.name, secrets };
  } finally {
    wipe(plaintext);
  }
}

function open(keyring: Keyring, sealing: SealingIdentity): Uint8Array {
  const { recipient } = sealing;
  if (!keyring.members.some(({ card }) => equalBytes(card.recipient, recipient))) {
    throw new VaultError(
      'not-a-member',
      'You are not a member of this vault, or no longer; ask an owner to add you',
    );
  }
  try {
    return sealing.open(keyring.sealed);
  } catch (cause) {
    throw new VaultError(
      'unopenable',
      `The keyring ${keyring.sequence} lists you, but the owner who made it did not seal it to you; ask an owner to make another`,
      { cause },
    );
  }
}
