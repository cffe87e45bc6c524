// How figures are shown to people.
import { median } from '../works/goals.mjs';

const mebibyte = 2 ** 20;

/** A number of bytes. */
export function mebibytes(bytes) {
  return `${Math.round(bytes / mebibyte)} MiB`;
}

/** The median. */
export function figure(numbers, digits) {
  return median(numbers).toFixed(digits);
}

/** The median, and how far the others lie from it. */
export function spread(numbers, digits) {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return `${figure(numbers, digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}
