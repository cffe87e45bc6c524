const durationForm = /^(\d{1,12}(?:\.\d{1,3})?)(ms|[smhd])?$/u;
const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const sizeForm = /^(\d{1,15}(?:\.\d{1,3})?)(?:([KMGTP])(i?)B?|B)?$/iu;
const sizeUnits = ['', 'K', 'M', 'G', 'T', 'P'];

/**
 * @param text - such as `500ms`, `30s`, `5m`, `24h` or `7d`; a plain number is seconds
 * @returns whole milliseconds, or `undefined` when the text is no duration
 */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = 's'] = durationForm.exec(text) ?? [];
  if (number === undefined) return undefined;
  return Math.round(Number(number) * (durationUnits[unit] as number));
}

/**
 * @param text - such as `20GB`, which is 20 · 10⁹ bytes, or `512MiB`, which is 512 · 2²⁰; a plain
 *   number is bytes
 * @returns bytes, or `undefined` when the text is no size, or one that no file can have
 */
export function parseSize(text: string): number | undefined {
  const [, number, unit = '', binary] = sizeForm.exec(text) ?? [];
  if (number === undefined) return undefined;
  const base = binary ? 1024 : 1000;
  const size = Math.round(Number(number) * base ** sizeUnits.indexOf(unit.toUpperCase()));
  return Number.isSafeInteger(size) ? size : undefined;
}
