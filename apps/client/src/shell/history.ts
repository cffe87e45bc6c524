import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import { printable } from '@e2eeftp/client';

/** Lines that are kept, at most, and the characters of each. */
const bounds = { lines: 1_000, lineLength: 2_000 } as const;

/** Bytes of the file that are read, from its end; a file that is larger is made anew. */
const bytesRead = 256 * 1024;

/**
 * The lines that were typed, in a file for this user alone. Each is added when it is run, so that
 * several shells can share it. Lines that begin with a blank are not kept.
 */
export class History {
  readonly #path: string;

  /** @param path - the file; it need not exist */
  constructor(path: string) {
    this.#path = path;
  }

  /** @returns the lines, the newest first; none when they cannot be read */
  async read(): Promise<string[]> {
    try {
      const { text, isWhole } = await readEnd(this.#path);
      const lines = text.split('\n').filter(isKept).slice(-bounds.lines);
      if (!isWhole) await this.#replace(lines);
      return lines.reverse();
    } catch {
      return [];
    }
  }

  /**
   * @param line - a line that was typed
   * @returns once it is kept; a shell works on when that fails
   */
  async add(line: string): Promise<void> {
    if (!isKept(line)) return;
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      const file = await open(this.#path, 'a', 0o600);
      try {
        await file.chmod(0o600);
        await file.appendFile(`${line}\n`);
      } finally {
        await file.close();
      }
    } catch {
      // What is typed next time is worth less than what is done now.
    }
  }

  async #replace(lines: readonly string[]): Promise<void> {
    const temporary = `${this.#path}.${process.pid}`;
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(lines.map((line) => `${line}\n`).join(''));
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

/** A line of the file reaches the terminal as it is, so it must be harmless there. */
function isKept(line: string): boolean {
  return /^\S/u.test(line) && line.length <= bounds.lineLength && printable(line) === line;
}

async function readEnd(path: string): Promise<{ text: string; isWhole: boolean }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - bytesRead);
    const { buffer, bytesRead: length } = await file.read({
      buffer: Buffer.alloc(size - start),
      position: start,
    });
    const text = buffer.toString('utf8', 0, length);
    // The first line may have lost its beginning.
    return { text: start > 0 ? text.slice(text.indexOf('\n') + 1) : text, isWhole: start === 0 };
  } finally {
    await file.close();
  }
}
