import {
  defaultBackend,
  hkdf,
  utf8,
  wipe,
  type CryptoBackend,
  type Identity,
} from '@e2eeftp/crypto';
import { base32nopad } from '@scure/base';

import { expectLength } from '../encoding/expect-length.js';
import { VaultError } from '../errors.js';
import { labels } from '../labels.js';
import { vaultSizes } from '../limits.js';

/**
 * Gives the id of a person's `home`, which a new machine finds with the key file alone and a server
 * cannot guess.
 *
 * @param identity - the person
 * @param backend - the primitives to use
 * @returns 16 bytes
 */
export function homeVaultId(
  identity: Identity,
  backend: CryptoBackend = defaultBackend,
): Uint8Array {
  const seed = identity.exportSeed();
  const id = hkdf(backend, seed, new Uint8Array(0), utf8(labels.home), vaultSizes.vaultId);
  wipe(seed);
  return id;
}

/**
 * Gives the id of a vault that is no `home`. It names the first owner, so that nobody else can be
 * shown as the one who began the vault.
 *
 * @param firstOwner - who signs the first keyring, 32 bytes
 * @param random - 16 random bytes, which stand in the first keyring
 * @param backend - the primitives to use
 * @returns 16 bytes
 */
export function vaultIdOf(
  firstOwner: Uint8Array,
  random: Uint8Array,
  backend: CryptoBackend = defaultBackend,
): Uint8Array {
  return backend.sha256(utf8(labels.vault), firstOwner, random).slice(0, vaultSizes.vaultId);
}

/**
 * @param id - a vault's id, 16 bytes
 * @returns the form that stands in paths: 26 characters of base32, in lower case and without padding
 * @throws VaultError `misuse` when there are not 16 bytes
 */
export function formatVaultId(id: Uint8Array): string {
  expectLength('A vault id', id, vaultSizes.vaultId);
  return base32nopad.encode(id).toLowerCase();
}

/**
 * @param text - a component of a path, or a part of an invitation
 * @returns the vault's id, 16 bytes
 * @throws VaultError `malformed` for everything that {@link formatVaultId} does not write: one vault
 *   must not be reached under two names
 */
export function parseVaultId(text: string): Uint8Array {
  if (/^[a-z2-7]{26}$/u.test(text)) {
    const id = decode(text.toUpperCase());
    if (id && formatVaultId(id) === text) return id;
  }
  throw new VaultError(
    'malformed',
    'The id of a vault has 26 characters, lower-case letters and digits 2 to 7; copy it again',
  );
}

function decode(text: string): Uint8Array | undefined {
  try {
    return base32nopad.decode(text);
  } catch {
    // The two bits that are left over are not zero.
    return undefined;
  }
}
