// How figures are shown to people.
const mebibyte = 2 ** 20;

/** A number of bytes. */
export function mebibytes(bytes) {
  return `${Math.round(bytes / mebibyte)} MiB`;
}

/** The median, and how far the others lie from it. */
export function spread(numbers, digits) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const [low, high] = [sorted[0], sorted.at(-1)];
  return `${median.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}
