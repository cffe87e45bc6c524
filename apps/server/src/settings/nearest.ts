/** Beyond it, two words have nothing to do with each other. */
const farthest = 3;

/**
 * Finds what somebody may have meant.
 *
 * @param word - what was written
 * @param words - what there is
 * @returns the word that takes the fewest changes to come to, unless it takes many
 */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const meant = word.toLowerCase().replaceAll('_', '-').slice(0, 100);
  let best: string | undefined;
  let least = Math.min(farthest, Math.ceil(meant.length / 2)) + 1;
  for (const candidate of words) {
    const changes = distance(meant, candidate);
    if (changes >= least) continue;
    best = candidate;
    least = changes;
  }
  return best;
}

/** Letters to add, to take away, to replace, or to swap with the next one. */
function distance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current.push(
        Math.min(
          (last[column] as number) + 1,
          (current[column - 1] as number) + 1,
          (last[column - 1] as number) + (isSame ? 0 : 1),
          isSwap ? (beforeLast[column - 2] as number) + 1 : Infinity,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] as number;
}
