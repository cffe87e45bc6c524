import type { StoredFile } from '@e2eeftp/protocol';

/**
 * @param file - a file as it is
 * @param offset - the first byte that a client wants of it
 * @param etag - the version that it wants, if it says so
 * @returns the status that refuses it; nothing when it can have that
 */
export function rangeRefusal(
  file: StoredFile,
  offset: number,
  etag: string | undefined,
): 409 | 416 | undefined {
  if (etag !== undefined && etag !== file.etag) return 409;
  return offset > file.size ? 416 : undefined;
}
