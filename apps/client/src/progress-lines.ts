import { formatSize } from './quantities.js';
import { padded, shortened, widthOf } from './text-width.js';

/** How far something is, for one line. */
export interface Advance {
  /** What it is: printable text. */
  readonly label: string;
  readonly bytes: number;
  /** Bytes that there are in all, when known. */
  readonly total: number | undefined;
  /** Bytes a second, when known. */
  readonly rate: number | undefined;
}

const gap = 2;
/** Columns of `100 %`, or of a size where there is no total. */
const shareWidth = 6;
/** Columns of `999 kB/s`. */
const rateWidth = 8;
/** Columns of `99:59:59`. */
const clockWidth = 8;
const clockSuffix = ' left';
/** Seconds that still say something: a hundred days. */
const longest = 8_640_000;
const labelMinimum = 12;
const barMinimum = 8;
const barMaximum = 24;

/** Which parts of a line there is room for, and how wide they are. */
interface Layout {
  readonly label: number;
  readonly bar: number;
  readonly hasRate: boolean;
  readonly hasClock: boolean;
}

/**
 * Says how far several things are, in lines whose parts are below each other: what, a bar, a
 * percentage, the rate, and the time left. Where there is little room, the less important parts are
 * left out.
 *
 * @param advances - how far each is
 * @param columns - the room
 * @returns a line for each, no wider than that
 */
export function progressLines(advances: readonly Advance[], columns: number): readonly string[] {
  const widest = advances.reduce((width, { label }) => Math.max(width, widthOf(label)), 0);
  const layout = layOut(widest, columns);
  return advances.map((advance) => shortened(lineFor(advance, layout), columns));
}

/** In the order of their importance: share, label, rate, time left, bar. */
function layOut(widest: number, columns: number): Layout {
  let free = columns - gap - shareWidth - Math.min(widest, labelMinimum);
  const takes = (width: number): boolean => {
    if (free < gap + width) return false;
    free -= gap + width;
    return true;
  };
  const hasRate = takes(rateWidth);
  const hasClock = hasRate && takes(clockWidth + clockSuffix.length);
  const bar = hasClock && takes(barMinimum) ? barMinimum : 0;
  const label = Math.max(0, Math.min(widest, free + labelMinimum));
  free -= Math.max(0, label - labelMinimum);
  return {
    label,
    bar: bar > 0 ? bar + Math.max(0, Math.min(free, barMaximum - barMinimum)) : 0,
    hasRate,
    hasClock,
  };
}

function lineFor(
  { label, bytes, total, rate }: Advance,
  { label: width, bar, hasRate, hasClock }: Layout,
): string {
  const percent = total === undefined ? undefined : percentOf(bytes, total);
  const parts = [padded(shortened(label, width), width)];
  if (bar > 0) parts.push(percent === undefined ? ' '.repeat(bar) : barOf(percent, bar));
  const amount = percent === undefined ? formatSize(bytes) : `${Math.floor(percent)} %`;
  parts.push(amount.padStart(shareWidth));
  if (hasRate) {
    parts.push((rate === undefined ? '' : `${formatSize(Math.round(rate))}/s`).padStart(rateWidth));
  }
  const left = total !== undefined && rate ? (total - bytes) / rate : Infinity;
  if (hasClock && left < longest) parts.push(`${clock(left).padStart(clockWidth)}${clockSuffix}`);
  return parts.join(' '.repeat(gap)).trimEnd();
}

/** A file may have grown since its size was asked. */
function percentOf(bytes: number, total: number): number {
  return total === 0 ? 100 : Math.min(100, (100 * bytes) / total);
}

/** ASCII alone: other signs have another width in some places. */
function barOf(percent: number, width: number): string {
  const inner = width - 2;
  const done = Math.floor((percent / 100) * inner);
  return `[${'#'.repeat(done)}${'.'.repeat(inner - done)}]`;
}

/** `0:07`, `12:05`, `3:12:05`, `2 d 03 h`. */
function clock(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  if (hours >= 100) return `${Math.floor(hours / 24)} d ${twoDigits(hours % 24)} h`;
  if (hours > 0) return `${hours}:${twoDigits(minutes)}:${twoDigits(whole % 60)}`;
  return `${minutes}:${twoDigits(whole % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
