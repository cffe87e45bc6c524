import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

const bench = fileURLToPath(new URL('../v1.mjs', import.meta.url));
const small = ['--size', '1', '--rounds', '1'];
const pairs = ['python-python', 'e2eeftp-e2eeftp', 'python-e2eeftp', 'e2eeftp-python'];

async function run(args, options = {}) {
  const command = [bench, ...small, ...args];
  const { stdout } = await promisify(execFile)(process.execPath, command, options);
  return stdout;
}

test('each pair is measured in both directions, or it says what is missing', async () => {
  const { size, transfers, missing } = JSON.parse(await run(['--json']));
  expect(size).toBe(2 ** 20);
  expect([...Object.keys(transfers), ...Object.keys(missing)].sort()).toEqual([...pairs].sort());
  expect(Object.keys(transfers)).toContain('e2eeftp-e2eeftp');
  for (const [{ up, down, server }] of Object.values(transfers)) {
    for (const used of [up, down]) expect(used.seconds).toBeGreaterThan(0);
    for (const used of [up, down, server]) expect(used.peakMemory).toBeGreaterThan(2 ** 20);
  }
});

test('without Python the table says so, and shows the rest', async () => {
  const table = await run([], { env: { ...process.env, PATH: '' } });
  expect(table).toContain('up    e2eeftp client, e2eeftp server');
  expect(table).toContain('down  e2eeftp client, e2eeftp server');
  for (const pair of ['python client, python server', 'python client, e2eeftp server']) {
    expect(table).toMatch(new RegExp(`not measured ${pair} +python3 is not installed`));
  }
});

test('a pair that does not exist is named', async () => {
  await expect(run(['--pair', 'python-perl'])).rejects.toThrow('There is no pair python-perl');
});
