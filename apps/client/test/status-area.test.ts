import headless from '@xterm/headless';
import { afterEach, describe, expect, test } from '@jest/globals';

import { StatusArea } from '../src/status-area.js';

/** An emulated terminal, as the program sees it. */
class Emulated {
  columns: number;
  rows: number;
  readonly #emulator: headless.Terminal;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#emulator = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
  }

  readonly write = (text: string | Uint8Array): boolean => {
    this.#emulator.write(typeof text === 'string' ? text.replaceAll(/\r?\n/gu, '\r\n') : text);
    return true;
  };

  async resize(columns: number, rows: number): Promise<void> {
    await this.lines();
    this.columns = columns;
    this.rows = rows;
    this.#emulator.resize(columns, rows);
  }

  async lines(): Promise<string[]> {
    await new Promise<void>((resolve) => {
      this.#emulator.write('', resolve);
    });
    const { active } = this.#emulator.buffer;
    const lines = Array.from({ length: active.length }, (_, row) =>
      (active.getLine(row)?.translateToString(true) ?? '').trimEnd(),
    );
    return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
  }
}

const areas: StatusArea[] = [];

afterEach(() => {
  for (const area of areas.splice(0)) area.end();
});

function areaAt(terminal: Emulated): StatusArea {
  const area = new StatusArea(terminal);
  areas.push(area);
  return area;
}

describe('a status area', () => {
  test('stays below what is written, and is gone in the end', async () => {
    const terminal = new Emulated(40, 10);
    const area = areaAt(terminal);
    area.show(() => ['one', 'two']);
    area.write('a note\n');
    expect(await terminal.lines()).toEqual(['a note', 'one', 'two']);
    area.clear();
    terminal.write('a result\n');
    area.write('another note\n');
    expect(await terminal.lines()).toEqual(['a note', 'a result', 'another note']);
    area.end();
    area.write('the end\n');
    expect(await terminal.lines()).toEqual(['a note', 'a result', 'another note', 'the end']);
  });

  test('scrolls with much that is written', async () => {
    const terminal = new Emulated(40, 5);
    const area = areaAt(terminal);
    area.show(() => ['status', 'status']);
    for (let index = 0; index < 100; index++) area.write(`note ${index}\n`);
    area.end();
    const expected = Array.from({ length: 100 }, (_, index) => `note ${index}`);
    expect(await terminal.lines()).toEqual(expected);
  });

  test('never wraps, and never has more lines than the terminal', async () => {
    const terminal = new Emulated(10, 4);
    const area = areaAt(terminal);
    const rooms: unknown[] = [];
    area.show((room) => {
      rooms.push(room);
      return ['x'.repeat(50), '文'.repeat(9), 'c', 'd', 'e'];
    });
    expect(rooms).toEqual([{ columns: 9, rows: 3 }]);
    expect((await terminal.lines()).map((line) => line[0])).toEqual(['x', '文', 'c']);
  });

  test.each([
    [60, 12],
    [31, 12],
    [20, 12],
    [7, 40],
    [200, 6],
  ])(
    'is found again when the terminal has become %d columns and %d rows',
    async (columns, rows) => {
      const terminal = new Emulated(61, 12);
      const area = areaAt(terminal);
      area.write('before\n');
      area.show((room) => [
        'x'.repeat(Math.min(60, room.columns)),
        '文'.repeat(Math.min(20, Math.floor(room.columns / 2))),
        '',
      ]);
      await terminal.resize(columns, rows);
      area.write('after\n');
      area.end();
      expect(await terminal.lines()).toEqual(['before', 'after']);
    },
  );

  test('does not touch what the shell wrote while the program was stopped', async () => {
    const terminal = new Emulated(40, 12);
    const area = areaAt(terminal);
    area.show(() => ['status']);
    terminal.write('^Z\n$ fg\n');
    process.emit('SIGCONT');
    area.write('going on\n');
    expect(await terminal.lines()).toEqual(['status', '^Z', '$ fg', 'going on']);
    const before = process.listenerCount('SIGCONT');
    area.end();
    expect(process.listenerCount('SIGCONT')).toBe(before - 1);
  });
});
