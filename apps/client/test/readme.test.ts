import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { exitCodes } from '../src/exit-code.js';
import { OriginalWorld } from './support/original.js';
import { makeWorld } from './support/world.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

test('the tour can be taken as it is written', async () => {
  const [, tour] = /```sh\n(e2eeftp send [^`]*)```/u.exec(readme) ?? [];
  if (tour === undefined) throw new Error('There is no tour');
  expect(tour.split('\n').length).toBeGreaterThan(10);
  const world = await makeWorld();
  const files = ['report.pdf', 'a.txt', 'b.txt', 'photos/1.jpg', 'src/main.c', '--odd-name'];
  for (const name of [...files, 'plan.md', 'page.html']) await world.write(name, name);
  await world.run(['vault', 'create', 'team']);
  const script = `set -euo pipefail\n${tour}`;
  const { exitCode, stdout, stderr } = await world.shell(script, { secondsToLive: 100 });
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(stdout).toContain('src/main.c');
  expect((await world.read('copy.pdf')).toString()).toBe('report.pdf');
  expect((await world.read('letters/photos/1.jpg')).toString()).toBe('photos/1.jpg');
}, 120_000);

test('the script of the shell runs as it is written', async () => {
  const [, script] = /```sh\n(e2eeftp shell [^`]*)```/u.exec(readme) ?? [];
  if (script === undefined) throw new Error('There is no script');
  const world = await makeWorld();
  for (const name of ['a.txt', 'b.txt']) await world.write(name, name);
  const { exitCode, stdout, stderr } = await world.shell(script);
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 0,
    stdout: 'a.txt\nb.txt\n',
    stderr: '',
  });
});

test('so can the one of the first generation', async () => {
  const [, tour] = /```sh\n(e2eeftp --v1 [^`]*)```/u.exec(readme) ?? [];
  if (tour === undefined) throw new Error('There is no tour');
  const world = await OriginalWorld.create();
  for (const name of ['report.pdf', 'a.txt', 'b.txt']) await world.write(name, name);
  const { exitCode, stdout, stderr } = await world.shell(`set -euo pipefail\n${tour}`);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(stdout).toContain('copy.pdf');
  expect((await world.read('downloaded_report.pdf')).toString()).toBe('report.pdf');
  expect((await world.read('mine.pdf')).toString()).toBe('report.pdf');
  expect(await world.stored()).toEqual(['a.txt', 'b.txt']);
});

test('every exit code is explained', () => {
  const explained = [...readme.matchAll(/^\| (\d+) +\|/gmu)].map(([, code]) => Number(code));
  expect(explained).toEqual(Object.values(exitCodes));
});
