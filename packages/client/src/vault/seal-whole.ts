import { concatBytes } from '@e2eeftp/crypto';
import { beginSealing, type SealingAccess } from '@e2eeftp/vault';

import type { FileToSend } from './sealed-source.js';

/**
 * Seals a file that is in memory.
 *
 * @param access - vault, keys and sender
 * @param file - entry and metadata
 * @param content - all of it, in pieces
 * @returns the stored file
 * @throws VaultError
 */
export function sealWhole(
  access: SealingAccess,
  file: FileToSend,
  content: readonly Uint8Array[],
): Uint8Array {
  const sealer = beginSealing(access, file);
  const parts = [...sealer.start().bytes];
  for (const piece of content) parts.push(...sealer.update(piece).bytes);
  return concatBytes(...parts, ...sealer.finish().bytes);
}
