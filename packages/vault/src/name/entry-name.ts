import { utf8 } from '@e2eeftp/crypto';

import { isComponent } from '../encoding/component.js';
import { VaultError } from '../errors.js';
import { vaultLimits } from '../limits.js';

/** Bytes that a unit of UTF-16 takes in UTF-8, at most. */
const longestUnit = 3;

/**
 * Checks the name that a file or folder is to have. It is kept as it is: names that differ only in
 * Unicode's composition are two names in a vault.
 *
 * @param name - what a person or program chose
 * @throws VaultError `bad-name`, `name-too-long`
 */
export function requireEntryName(name: string): void {
  const { length } = utf8(name);
  if (length > vaultLimits.entryName) {
    throw new VaultError(
      'name-too-long',
      `The name has ${length} bytes, and names in a vault have at most ${vaultLimits.entryName}, so that they still fit once they are encrypted; choose a shorter one`,
    );
  }
  if (!isComponent(name)) {
    throw new VaultError(
      'bad-name',
      'A name in a vault has no slash, backslash or control character and is not "." or ".."; choose another',
    );
  }
}

/**
 * @param name - what was decrypted, and is hostile until shown otherwise
 * @returns whether it could have been sealed by {@link requireEntryName}
 */
export function isEntryName(name: string): boolean {
  const isShort = longestUnit * name.length <= vaultLimits.entryName;
  return isComponent(name) && (isShort || utf8(name).length <= vaultLimits.entryName);
}
