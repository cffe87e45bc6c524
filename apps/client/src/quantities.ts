const units = ['kB', 'MB', 'GB', 'TB', 'PB'] as const;

/**
 * @param bytes - a size
 * @returns it as people read it, in powers of 1000, such as `1.2 MB`
 */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes;
  let unit = '';
  for (const next of units) {
    if (value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
}

/** The least that keeps a server from taking a slow transfer for one that stands still. */
const slowestRate = 10_000;

const rateUnits: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

/**
 * @param text - a rate as people write it, such as `500K` or `1.5M`, in powers of 1000
 * @returns bytes a second; nothing when it is none, or too slow for any transfer
 */
export function parseRate(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d{1,12}(?:\.\d{1,6})?)([kmg]?)$/iu.exec(text) ?? [];
  const factor = rateUnits[unit.toLowerCase()];
  if (number === undefined || factor === undefined) return undefined;
  const rate = Number(number) * factor;
  return rate >= slowestRate ? rate : undefined;
}

/**
 * @param milliseconds - a time span
 * @returns it as people read it, such as `0.3 s` or `2 h 05 min`
 */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${twoDigits(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

/**
 * @param milliseconds - a time since 1970
 * @returns it in local time, such as `2026-05-31 08:15`
 */
export function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return '?'.padEnd(16);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join('-');
  return `${day} ${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

/**
 * @param count - how many
 * @param singular - what, if it is one
 * @param plural - what, if it is not
 * @returns both
 */
export function formatCount(count: number, singular: string, plural: string): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
