import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import type { FileDetails } from '../tree/local-walk.js';

/** What a file's owner may do is no difference: a server can always read and write its files. */
const ownerMode = 0o600;

/**
 * @param source - a file
 * @param target - its copy
 * @returns the permission bits that the copy should have, and has not; nothing where those of one of
 *   them are not known
 */
export function missingPermissions({ mode }: FileDetails, target: FileDetails): number | undefined {
  if (mode === undefined || target.mode === undefined) return undefined;
  return (mode | ownerMode) === (target.mode | ownerMode) ? undefined : mode;
}

/**
 * Gives a local file other permissions.
 *
 * @param path - the file; a symbolic link is not followed, since it could lead anywhere
 * @param mode - its permission bits
 * @throws the system's error
 */
export async function setLocalPermissions(path: string, mode: number): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}
