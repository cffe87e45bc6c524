import { normalizeFingerprint } from '@e2eeftp/crypto';

import { VaultError } from '../errors.js';
import { formatVaultId, parseVaultId } from './vault-id.js';

/**
 * What one person tells another so that he joins the right vault: it holds no secret, but must come
 * from somebody who is trusted, over a way that the server has no hand in.
 */
export interface Invitation {
  /** The vault's id, 16 bytes. */
  readonly vault: Uint8Array;
  /** The fingerprint of who began the vault, as `fingerprint` gives it. */
  readonly firstOwner: string;
}

const prefix = 'e2eeftp-vault';

/**
 * @param invitation - the vault and who began it
 * @returns one line of text, such as `e2eeftp-vault:mfrg…:MFRGG-ZDFMZ-TWQ2L-KNNWG`
 */
export function formatInvitation({ vault, firstOwner }: Invitation): string {
  return `${prefix}:${formatVaultId(vault)}:${firstOwner}`;
}

/**
 * @param text - an invitation that a person pasted
 * @returns what it says
 * @throws VaultError `malformed`
 */
export function parseInvitation(text: string): Invitation {
  const [kind, id, owner, ...rest] = text.trim().split(':');
  const firstOwner = owner === undefined ? undefined : normalizeFingerprint(owner);
  if (kind !== prefix || id === undefined || firstOwner === undefined || rest.length > 0) {
    throw new VaultError(
      'malformed',
      `An invitation begins with "${prefix}:", then come the vault's id, a colon and a fingerprint; copy it again`,
    );
  }
  return { vault: parseVaultId(id), firstOwner };
}
