import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { contenders } from '../contenders/index.mjs';
import { worksOf } from '../works/index.mjs';

const bench = fileURLToPath(new URL('../bench.mjs', import.meta.url));

let folder;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2eeftp-bench-test-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function run(...args) {
  const files = { json: join(folder, 'result.json'), svg: join(folder, 'chart.svg') };
  const options = ['--quick', '--directory', folder, '--json', files.json, '--svg', files.svg];
  const { stdout } = await promisify(execFile)(process.execPath, [bench, ...options, ...args]);
  return {
    table: stdout,
    result: JSON.parse(await readFile(files.json, 'utf8')),
    chart: await readFile(files.svg, 'utf8'),
  };
}

test('every work is done by e2eeftp and by sftp, and measured on both sides', async () => {
  const names = ['sftp', 'e2eeftp', 'e2eeftp vault'];
  const { table, result } = await run('--against', names.join(','));
  expect(Object.keys(result.works)).toEqual(Object.keys(worksOf(true)));
  for (const work of Object.values(result.works)) {
    expect(table).toContain(work.title);
    for (const name of names.filter((contender) => !(contender in work.missing))) {
      const runs = Object.values(work.results[name] ?? {}).flat();
      if (name.startsWith('e2eeftp')) expect(runs.length).toBeGreaterThan(0);
      for (const { seconds, client, server } of runs) {
        expect(seconds).toBeGreaterThan(0);
        expect(client.cpu).toBeGreaterThan(0);
        for (const side of [client, server]) expect(side.memory).toBeGreaterThan(2 ** 20);
      }
    }
  }
  expect(table).toMatch(/first up: e2eeftp against|sftp +not measured/u);
}, 180_000);

test('every contender does what it is there for, or says that it is missing', async () => {
  const { result, chart } = await run('--only', 'file,tree');
  const found = new Set();
  for (const { results, missing } of Object.values(result.works)) {
    for (const name of [...Object.keys(results), ...Object.keys(missing)]) found.add(name);
    for (const directions of Object.values(results)) {
      expect(Object.keys(directions)).toEqual(['up', 'down']);
    }
  }
  expect([...found].sort()).toEqual(Object.keys(contenders).sort());
  expect(chart).toMatch(/^<svg [^>]*>\n[\s\S]*>plain copy<[\s\S]*<\/svg>\n$/u);
}, 180_000);

test('a work that nobody knows is an error', async () => {
  await expect(run('--only', 'nothing')).rejects.toThrow(/There is no work "nothing"/u);
});
