const durationForm = /^(\d{1,12}(?:\.\d{1,3})?)(ms|[smhd])?$/u;
const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * @param text - such as `500ms`, `30s`, `5m`, `24h` or `7d`; a plain number is seconds
 * @returns whole milliseconds, or `undefined` when the text is no duration
 */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = 's'] = durationForm.exec(text) ?? [];
  if (number === undefined) return undefined;
  return Math.round(Number(number) * (durationUnits[unit] as number));
}
