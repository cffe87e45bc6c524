import { printable } from '@e2eeftp/protocol';

import { VaultError } from '../errors.js';

/**
 * Makes sure that names stay apart on file systems that take two spellings for one, in case or in
 * Unicode's composition: the second file would overwrite the first.
 *
 * Call it before writing a vault's entries into a local folder of such a file system.
 *
 * @param names - the names of one folder
 * @throws VaultError `name-collision`, which names both
 */
export function requireDistinctLocally(names: Iterable<string>): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const folded = fold(name);
    const other = seen.get(folded);
    if (other !== undefined && other !== name) {
      throw new VaultError(
        'name-collision',
        `"${printable(other)}" and "${printable(name)}" are one name on this file system; rename one of them in the vault, or fetch them into two folders`,
      );
    }
    seen.set(folded, name);
  }
}

/** Folds as file systems do, one character for one: "ß" and "ss" stay two names. */
function fold(name: string): string {
  let folded = '';
  for (const character of name.normalize('NFC')) {
    const upper = character.toUpperCase();
    folded += upper.length === character.length ? upper.toLowerCase() : character.toLowerCase();
  }
  return folded.normalize('NFC');
}
