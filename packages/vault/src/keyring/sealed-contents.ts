import { equalBytes, wipe } from '@e2eeftp/crypto';
import { encodeCbor, type CborValue } from '@e2eeftp/protocol';

import { readDisplayName } from '../encoding/display-name.js';
import { Fields, malformed } from '../encoding/fields.js';
import { VaultError } from '../errors.js';
import { vaultLimits, vaultSizes } from '../limits.js';
import type { Keyring } from './keyring.js';

/** What a keyring holds for its members only. */
export interface SealedContents {
  /** The vault's id, 16 bytes. */
  readonly vault: Uint8Array;
  /** The number of the keyring that it belongs to. */
  readonly sequence: number;
  /** What the owners call the vault. */
  readonly name: string;
  /** 32 bytes for each epoch, from the first on. */
  readonly secrets: readonly Uint8Array[];
}

const what = 'sealed part of the keyring';
const fields = ['vault', 'sequence', 'name', 'secrets'];

/**
 * Seals the contents of a keyring to its members.
 *
 * Randomness comes from the age library, that is, from the platform, and not from a backend.
 *
 * @param contents - what to seal
 * @param ageRecipients - `age1pq1…` of each member
 * @returns an age file
 */
export async function sealContents(
  { vault, sequence, name, secrets }: SealedContents,
  ageRecipients: readonly string[],
): Promise<Uint8Array> {
  // Whoever only reads vaults need not load it, which takes longer than reading does.
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of ageRecipients) encrypter.addRecipient(recipient);
  const plaintext = encodeCbor({ vault, sequence, name, secrets });
  try {
    return await encrypter.encrypt(plaintext);
  } finally {
    wipe(plaintext);
  }
}

/**
 * Reads what was sealed in a keyring.
 *
 * @param plaintext - what came out of the age file
 * @param keyring - the keyring that it was in
 * @returns the contents
 * @throws VaultError `malformed`; `wrong-contents` when they belong to another keyring, so that no
 *   owner passes off old contents under a new signature
 */
export function readContents(plaintext: Uint8Array, keyring: Keyring): SealedContents {
  const map = Fields.decode(what, plaintext, vaultLimits.keyring, fields);
  const contents = {
    vault: map.bytes('vault', vaultSizes.vaultId),
    sequence: map.integer('sequence', [1, vaultLimits.sequence]),
    name: readDisplayName(what, map.text('name')),
    secrets: map.list('secrets', [1, vaultLimits.epoch]).map(readSecret),
  };
  if (
    !equalBytes(contents.vault, keyring.vault) ||
    contents.sequence !== keyring.sequence ||
    contents.secrets.length !== keyring.epoch
  ) {
    throw new VaultError(
      'wrong-contents',
      `What is sealed in the keyring ${keyring.sequence} belongs to another one; ask the owners who of them made it`,
    );
  }
  return contents;
}

function readSecret(value: CborValue): Uint8Array {
  if (value instanceof Uint8Array && value.length === vaultSizes.epochSecret) return value;
  throw malformed(what, 'has a secret that is not 32 bytes');
}
