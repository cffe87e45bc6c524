import { utf8 } from '@e2eeftp/crypto';
import { printable } from '@e2eeftp/protocol';

import { VaultError } from '../errors.js';
import { vaultLimits } from '../limits.js';
import { isComponent } from './component.js';
import { malformed } from './fields.js';

/**
 * Checks the name that a person or a vault is to bear.
 *
 * @param name - what a person typed
 * @returns the name in Unicode's composed form (NFC)
 * @throws VaultError `bad-name`, when it would hide something from a reader or cannot be part of a
 *   file's name, as it is where two members write one name at once
 */
export function requireDisplayName(name: string): string {
  const composed = name.normalize('NFC');
  if (
    !isDisplayName(composed) ||
    printable(composed) !== composed ||
    composed.trim() !== composed
  ) {
    throw new VaultError(
      'bad-name',
      `The name of a person or a vault has 1 to ${vaultLimits.displayName} bytes, no blanks around it, and no slash, backslash or invisible character; choose another`,
    );
  }
  return composed;
}

/**
 * Checks a name that somebody else chose. It is not compared with what is printable, since that
 * depends on the version of Unicode, and all members must agree on which keyrings are valid: put
 * it through `printable` before you show it.
 *
 * @param what - what bears the name, for messages
 * @param name - the name
 * @returns the same name
 * @throws VaultError `malformed`
 */
export function readDisplayName(what: string, name: string): string {
  if (!isDisplayName(name)) throw malformed(what, 'has a name that no person or vault can have');
  return name;
}

function isDisplayName(name: string): boolean {
  return isComponent(name) && utf8(name).length <= vaultLimits.displayName;
}
