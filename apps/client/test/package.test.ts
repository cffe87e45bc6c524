import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { copyPackage } from '@e2eeftp/bundle/packed';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { finished, launch, type Finished } from './support/program.js';
import { makeWorld, type World } from './support/world.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2eeftp-package-'));
  await copyPackage(new URL('..', import.meta.url), folder);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function runUnpacked(world: World, args: readonly string[], input = ''): Promise<Finished> {
  const program = join(folder, 'bin/e2eeftp.js');
  return finished(await launch(process.execPath, [program, ...args], { ...world.place, input }));
}

test('the package needs no other one', async () => {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as object;
  expect(manifest).not.toHaveProperty('dependencies');
  expect(manifest).not.toHaveProperty('optionalDependencies');
  expect(manifest).not.toHaveProperty('peerDependencies');
});

test('every command of the package can be loaded', async () => {
  const world = await makeWorld();
  // The script that completes them is made of all.
  const { stdout, exitCode } = await runUnpacked(world, ['completion', 'bash']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('--no-clobber');
});

test('what is in the package sends, lists and gets, with a key that has a passphrase', async () => {
  const world = await makeWorld();
  await world.write('secret', 'a passphrase\n');
  await chmod(join(world.work, 'secret'), 0o600);
  const protect = ['passphrase', '--new-passphrase-file', 'secret'];
  expect((await runUnpacked(world, protect)).exitCode).toBe(0);
  const script = 'send secret received/file\nls received\nget received/file copy\n';
  const { stdout, exitCode } = await runUnpacked(
    world,
    ['shell', '--passphrase-file', 'secret'],
    script,
  );
  expect(stdout).toBe('file\n');
  expect(exitCode).toBe(0);
  expect((await world.read('copy')).toString()).toBe('a passphrase\n');
});
