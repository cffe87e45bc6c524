import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

const bench = fileURLToPath(new URL('../bench.mjs', import.meta.url));

async function run(...args) {
  const { stdout } = await promisify(execFile)(process.execPath, [bench, '--quick', ...args]);
  return stdout;
}

test('the benchmark runs at a small size, and shows every contender in both directions', async () => {
  const table = await run();
  for (const row of ['up    plain-copy', 'up    e2eeftp', 'down  plain-copy', 'down  e2eeftp']) {
    expect(table).toContain(row);
  }
  expect(table).toMatch(/e2eeftp .* of plain-copy/);
});

test('its JSON holds a time and the peak memory for each transfer', async () => {
  const { size, transfers } = JSON.parse(await run('--json', '--size', '1'));
  expect(size).toBe(2 ** 20);
  for (const contender of ['plain-copy', 'e2eeftp']) {
    const [{ up, down, server }] = transfers[contender];
    for (const used of [up, down]) expect(used.seconds).toBeGreaterThan(0);
    for (const used of [up, down, server]) expect(used.peakMemory).toBeGreaterThan(2 ** 20);
  }
});
