const form = /^(\d{1,16}(?:\.\d{1,3})?)(?:([KMGTP])(i?)B?|B)?$/iu;
const units = ['', 'K', 'M', 'G', 'T', 'P'];

/**
 * @param text - such as `20GB`, which is 20 · 10⁹ bytes, or `512MiB`, which is 512 · 2²⁰; a plain
 *   number is bytes
 * @returns bytes, or `undefined` when the text is no size, or one that no file can have
 */
export function parseSize(text: string): number | undefined {
  const [, number, unit = '', binary] = form.exec(text) ?? [];
  if (number === undefined) return undefined;
  const base = binary ? 1024 : 1000;
  const size = Math.round(Number(number) * base ** units.indexOf(unit.toUpperCase()));
  return Number.isSafeInteger(size) ? size : undefined;
}

/**
 * @param bytes - a whole number
 * @returns the shortest text that means exactly so many to {@link parseSize}
 */
export function formatSize(bytes: number): string {
  const texts = units.flatMap((unit, power) => {
    const decimal = bytes / 1000 ** power;
    const binary = bytes / 1024 ** power;
    return [
      ...(Number.isInteger(decimal) ? [`${decimal}${unit}B`] : []),
      ...(power > 0 && Number.isInteger(binary) ? [`${binary}${unit}iB`] : []),
    ];
  });
  return bytes === 0 ? '0B' : texts.reduce((a, b) => (b.length < a.length ? b : a));
}
