import { randomFillSync } from 'node:crypto';

/** Bytes that are asked of the system at once: each question costs more than many bytes. */
const pool = new Uint8Array(4096);
let used = pool.length;

/** Bytes above which a question of its own costs nothing to speak of. */
const longest = 64;

/**
 * @param length - how many bytes
 * @returns random bytes of the system's generator, in memory of their own
 */
export function randomBytes(length: number): Uint8Array {
  if (length > longest) return randomFillSync(new Uint8Array(length));
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.slice(used, used + length);
  // Nobody is given them twice, and nobody finds them here later.
  pool.fill(0, used, used + length);
  used += length;
  return bytes;
}
