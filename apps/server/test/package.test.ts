import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { copyPackage } from '@e2eeftp/bundle/packed';
import { Identity } from '@e2eeftp/server';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';

import { keyOf, Playground } from './support/program.js';

const identity = Identity.generate();
let folder: string;
let program: string;
let playground: Playground;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2eeftp-package-'));
  await copyPackage(new URL('..', import.meta.url), folder);
  program = join(folder, 'bin/e2eeftp-server.js');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  playground = await Playground.make();
});

afterEach(() => playground.remove());

test('the package needs no other one', async () => {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as object;
  expect(manifest).not.toHaveProperty('dependencies');
  expect(manifest).not.toHaveProperty('optionalDependencies');
  expect(manifest).not.toHaveProperty('peerDependencies');
});

test.each([['json'], ['pretty']])(
  'what is in the package serves, with workers, metrics and a log in %s',
  async (format) => {
    const { exitCode } = await playground.run(['authorize', keyOf(identity)], { program });
    expect(exitCode).toBe(0);
    const args = ['--workers', '2', '--metrics', '127.0.0.1:0', '--log-format', format];
    const server = await playground.start(args, { program });
    const client = await playground.connect(server, identity);
    await client.send(Buffer.from('hello'), 'received/file');
    expect((await client.stat('received/file')).size).toBe(5);
    await client.close();
    expect((await server.end()).exitCode).toBe(0);
  },
);

test('what is in the package reads settings, checks them, and shows who is let in', async () => {
  await playground.run(['authorize', keyOf(identity)], { program });
  const { stdout, exitCode } = await playground.run(['check', '--port', '0'], { program });
  expect(stdout).toMatch(/^OK/mu);
  expect(exitCode).toBe(0);
  expect((await playground.run(['clients'], { program })).stdout).toContain('rw');
  const revoked = await playground.run(['revoke', keyOf(identity)], { program });
  expect(revoked.stdout).toMatch(/^Revoked/u);
});
