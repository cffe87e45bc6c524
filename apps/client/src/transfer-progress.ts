import { basename } from 'node:path';

import { printable, type TreePlace, type TreeProgress } from '@e2eeftp/client';

import { progressLines, type Advance } from './progress-lines.js';
import { formatCount, formatSize } from './quantities.js';
import { RateMeter } from './rate-meter.js';
import type { Room } from './status-area.js';

interface RunningFile {
  readonly name: string;
  readonly start: number;
  readonly meter: RateMeter;
  transferred: number;
  total: number | undefined;
}

/** Files that have a line of their own, at most: more nobody can follow. */
const mostLines = 8;
/** Milliseconds after which a file gets a line: small ones would only flicker. */
const settled = 300;
/** Files that are remembered; far more than are ever under way. */
const mostFiles = 1000;

/** Says how far each file is that is under way, and how far all are together. */
export class TransferProgress {
  readonly #running = new Map<string, RunningFile>();
  readonly #meter = new RateMeter();
  #state: TreeProgress | undefined;
  /** Whether there is, or was, more than one file. */
  #isMany = false;

  /**
   * @param state - how far the transfer is
   * @param now - milliseconds of a clock that only goes forward
   */
  update(state: TreeProgress, now: number): void {
    this.#state = state;
    const { current, bytes, files, found } = state;
    const file = this.#running.get(keyOf(current)) ?? this.#begin(current, now);
    file.transferred = current.transferred;
    file.total = current.total;
    file.meter.add(current.transferred, now);
    this.#meter.add(bytes, now);
    if (files > 0 || this.#running.size > 1 || (found?.files ?? 0) > 1) this.#isMany = true;
  }

  /** @param place - what is not under way any more */
  end(place: TreePlace): void {
    this.#running.delete(keyOf(place));
  }

  /**
   * @param room - the room for it
   * @param now - milliseconds of the same clock
   * @returns the files that are under way, in the order in which they began, and all together
   */
  lines({ columns, rows }: Room, now: number): readonly string[] {
    const files = [...this.#running.values()];
    if (!this.#state || (!this.#isMany && files.length === 0)) return [];
    if (!this.#isMany)
      return progressLines(
        files.map((file) => advanceOf(file, now)),
        columns,
      );
    const shown = files
      .filter(({ start }) => now - start >= settled)
      .slice(0, Math.max(0, Math.min(mostLines, rows - 1)))
      .map((file) => advanceOf(file, now));
    return progressLines([...shown, this.#sum(this.#state, now)], columns);
  }

  #begin({ local, remote, transferred, total }: TreeProgress['current'], now: number): RunningFile {
    const [oldest] = this.#running.keys();
    if (this.#running.size >= mostFiles && oldest !== undefined) this.#running.delete(oldest);
    const name = printable(basename(local === '-' ? remote : local));
    const file = { name, start: now, meter: new RateMeter(), transferred, total };
    this.#running.set(keyOf({ local, remote }), file);
    return file;
  }

  #sum({ files, bytes, found }: TreeProgress, now: number): Advance {
    this.#meter.add(bytes, now);
    const rate = this.#meter.rate(bytes, now);
    if (!found) {
      const label = `${formatCount(files, 'file', 'files')} done`;
      return { label, bytes, total: undefined, rate };
    }
    const { files: ofFiles, bytes: ofBytes, isComplete } = found;
    const more = isComplete ? '' : '+';
    const label = `${files} of ${ofFiles}${more} files, ${formatSize(bytes)} of ${formatSize(ofBytes)}${more}`;
    return { label, bytes, total: isComplete ? ofBytes : undefined, rate };
  }
}

function advanceOf({ name, meter, transferred, total }: RunningFile, now: number): Advance {
  meter.add(transferred, now);
  return { label: name, bytes: transferred, total, rate: meter.rate(transferred, now) };
}

function keyOf({ local, remote }: TreePlace): string {
  return `${local}\0${remote}`;
}
