/**
 * Orders byte strings as unsigned numbers of one length.
 *
 * @param a - one
 * @param b - the other, of the same length
 * @returns a negative number when `a` comes first, a positive one when `b` does, else 0
 */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] as number) - (b[index] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
