import { createInterface, type Interface } from 'node:readline';

import type { Completion } from './completion.js';

/** Milliseconds that a completion may take: whoever types does not wait for longer. */
const patience = 1_500;

/** What became of a line. */
export type Typed =
  | { readonly type: 'line'; readonly line: string }
  /** Ctrl-C; `isEmpty` says that there was nothing to give up. */
  | { readonly type: 'interrupted'; readonly isEmpty: boolean }
  | { readonly type: 'end' };

/** Says how a line can go on. */
type Complete = (line: string, signal: AbortSignal) => Promise<Completion>;

/**
 * Reads lines from a person at a terminal, who can edit them, call back older ones, and have them
 * completed. Between two lines the terminal is as others expect it, so that Ctrl-C is a signal and
 * a question can be asked.
 */
export class LineEditor {
  readonly #complete: Complete;
  /** The newest first. */
  #history: string[];
  /** What was typed, or pasted, behind the end of a line. */
  readonly #waiting: string[] = [];
  #begun = '';

  /**
   * @param history - older lines, the newest first
   * @param complete - says how a line can go on
   */
  constructor(history: readonly string[], complete: Complete) {
    this.#history = [...history];
    this.#complete = complete;
  }

  /**
   * @param prompt - what to show before it
   * @param signal - ends the wait
   * @returns the line
   */
  async read(prompt: string, signal: AbortSignal): Promise<Typed> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return { type: 'line', line: waiting };
    if (signal.aborted) return { type: 'end' };
    const completing = new AbortController();
    const editor: Interface = createInterface({
      input: process.stdin,
      output: process.stderr,
      terminal: true,
      prompt,
      history: this.#history,
      historySize: 1_000,
      removeHistoryDuplicates: true,
      completer: (line: string, give: (error: null, result: [string[], string]) => void): void => {
        void this.#candidates(editor, line, completing.signal).then((result) => {
          // An editor that is closed must not be woken: newer versions of Node throw then.
          if (!completing.signal.aborted) give(null, result);
        });
      },
    });
    editor.on('history', (lines) => {
      this.#history = lines.filter((line) => /^\S/u.test(line));
    });
    const end = (): void => {
      editor.close();
    };
    signal.addEventListener('abort', end);
    try {
      const typed = await this.#next(editor);
      // Whatever came with the same keystroke is read already.
      this.#begun = typed.type === 'line' ? editor.line : '';
      return typed;
    } finally {
      signal.removeEventListener('abort', end);
      completing.abort();
      editor.close();
    }
  }

  #next(editor: Interface): Promise<Typed> {
    return new Promise((resolve) => {
      let isFirst = true;
      editor.on('line', (line) => {
        if (isFirst) resolve({ type: 'line', line });
        else this.#waiting.push(line);
        isFirst = false;
      });
      editor.on('SIGINT', () => {
        resolve({ type: 'interrupted', isEmpty: editor.line === '' });
      });
      editor.on('close', () => {
        resolve({ type: 'end' });
      });
      editor.prompt();
      if (this.#begun !== '') editor.write(this.#begun);
    });
  }

  async #candidates(
    editor: Interface,
    line: string,
    closed: AbortSignal,
  ): Promise<[string[], string]> {
    // Keys are heard meanwhile: whoever goes on typing does without the answer.
    editor.resume();
    try {
      const signal = AbortSignal.any([closed, AbortSignal.timeout(patience)]);
      const { candidates, typed } = await this.#complete(line, signal);
      if (closed.aborted || editor.line.slice(0, editor.cursor) !== line) return [[], line];
      return [[...candidates], typed];
    } catch {
      return [[], line];
    }
  }
}
