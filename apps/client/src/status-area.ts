import type { WriteStream } from 'node:tty';

import { rowsOf } from './text-width.js';

/** Milliseconds between two changes: more often, nobody can read it. */
const interval = 100;
/** No line may go on in the next row, even where the terminal takes a character for wider than we do. */
const withoutWrapping = (text: string): string => `\u001B[?7l${text}\u001B[?7h`;

/** What there is room for. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** Makes lines of printable text that fit into the room. */
type Content = (room: Room) => readonly string[];

/**
 * The last lines of a terminal, which tell how far something is and are gone in the end. The cursor
 * stays below them at the left, where the lines are found again after the terminal has wrapped them
 * to a smaller width.
 */
export class StatusArea {
  readonly #terminal: Pick<WriteStream, 'columns' | 'rows' | 'write'>;
  #content: Content | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** What is on the screen. */
  #lines: readonly string[] = [];
  /** The width of the terminal by then. */
  #drawnFor = 0;
  /** Who continues a stopped program has other text on the screen by then. */
  readonly #forget = (): void => {
    this.#lines = [];
  };

  /** @param terminal - where to show it */
  constructor(terminal: Pick<WriteStream, 'columns' | 'rows' | 'write'>) {
    this.#terminal = terminal;
  }

  /**
   * Shows something from now on, and again as time goes by.
   *
   * @param content - makes what to show; called only when it is time
   */
  show(content: Content): void {
    this.#content = content;
    if (this.#timer) return;
    this.#timer = setInterval(() => {
      this.#draw();
    }, interval);
    this.#timer.unref();
    process.on('SIGCONT', this.#forget);
    this.#draw();
  }

  /**
   * Writes text that stays, above what is shown.
   *
   * @param text - whole lines
   */
  write(text: string): void {
    const isUsable = this.#drawnFor === this.#columns;
    const lines = isUsable ? this.#lines : [];
    this.#terminal.write(this.#erasure() + text + this.#drawing(lines));
    if (!isUsable) this.#draw();
  }

  /** Makes room for text that somebody else writes; what is shown comes back by itself. */
  clear(): void {
    if (this.#lines.length > 0) this.#terminal.write(this.#erasure());
  }

  /** Shows nothing any more. */
  end(): void {
    clearInterval(this.#timer);
    process.off('SIGCONT', this.#forget);
    this.#timer = undefined;
    this.#content = undefined;
    this.clear();
  }

  #draw(): void {
    if (!this.#content) return;
    // One column and one row stay free: what reaches the last one is at the next already.
    const room = { columns: this.#columns - 1, rows: Math.max(1, this.#rows - 1) };
    const lines = this.#content(room).slice(0, room.rows);
    const isSame = lines.length === this.#lines.length;
    if (isSame && lines.every((line, index) => line === this.#lines[index])) return;
    this.#terminal.write(this.#erasure() + this.#drawing(lines));
  }

  #drawing(lines: readonly string[]): string {
    this.#lines = lines;
    this.#drawnFor = this.#columns;
    if (lines.length === 0) return '';
    return withoutWrapping(lines.map((line) => `${line}\r\n`).join(''));
  }

  #erasure(): string {
    let rows = 0;
    for (const line of this.#lines) rows += rowsOf(line, this.#columns);
    this.#lines = [];
    return rows === 0 ? '' : `\r\u001B[${rows}A\u001B[J`;
  }

  // A terminal that does not say how large it is says 0.
  get #columns(): number {
    return this.#terminal.columns || 80;
  }

  get #rows(): number {
    return this.#terminal.rows || 24;
  }
}
