import type { Entry } from '@e2eeftp/protocol';

/** Bytes that the keys of an entry take, its numbers, its type, and the heads of its texts. */
const overhead = 80;

/**
 * Says how much room an entry takes in an answer, without encoding it.
 *
 * @param entry - what is listed
 * @returns no fewer bytes than it takes
 */
export function sizeAtMost({ path, etag }: Entry): number {
  return overhead + Buffer.byteLength(path) + etag.length;
}
