import { once } from 'node:events';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { formatPublicKey } from '@e2eeftp/client';
import { describe, expect, test } from '@jest/globals';

import { start } from './support/program.js';
import { startProxy, type Proxy } from './support/proxy.js';
import { jsonLines, makeBytes, makeWorld, type World } from './support/world.js';

const large = 12_000_000;
/** Below it a part is not worth being gone on with, and is received anew. */
const worthResuming = 4 * 1024 * 1024;

/** Files that are gone on with, among small ones that are not. */
async function makeTree(world: World): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (let index = 0; index < 40; index++) files.set(`small/${index}`, makeBytes(4096 + index));
  for (const name of ['a', 'b/c', 'b/d', 'e', 'f']) files.set(name, makeBytes(large));
  for (const [name, bytes] of files) await world.write(`tree/${name}`, bytes);
  await mkdir(join(world.work, 'tree/empty'));
  return files;
}

/** The way to the server over a proxy; the program knows the server by its key. */
async function through(
  world: World,
  direction: 'up' | 'down',
  bytes: number,
): Promise<{ proxy: Proxy; options: string[] }> {
  await world.write('../server.pub', formatPublicKey(world.identity.publicKey));
  const { port } = world.server.address;
  const proxy = await startProxy(port, { direction, bytes, then: 'stall' });
  const options = ['--server', `127.0.0.1:${proxy.port}`, '--server-key', '../server.pub'];
  return { proxy, options };
}

/**
 * Kills the program, which gets no chance to clean up, when four and a half of the five large files
 * have come: however many are under way at once, one of them has come by half at least.
 */
async function killMidway(
  world: World,
  args: readonly string[],
  direction: 'up' | 'down',
  hasBegun: () => Promise<boolean>,
): Promise<void> {
  const { proxy, options } = await through(world, direction, large * 4.5);
  const child = start([...args, ...options], world.place);
  await proxy.reached;
  while (!(await hasBegun())) await delay(20);
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Which files the parts are that are worth being gone on with. */
async function largeParts(folder: string): Promise<number[]> {
  const names = await readdir(folder, { recursive: true });
  const parts = names.filter((name) => name.endsWith('.part'));
  // One that was complete a moment ago has its own name by now.
  const stats = await Promise.all(
    parts.map((name) => stat(join(folder, name)).catch(() => undefined)),
  );
  return stats.flatMap((part) => (part && part.size >= worthResuming ? [part.ino] : []));
}

/** What is remembered of transfers that are not done. */
async function openTransfers(world: World): Promise<string[]> {
  const names = await readdir(join(world.home, 'transfers'));
  return names.filter((name) => name.endsWith('.json'));
}

/** Runs the same command to its end, and says how many bytes came in its direction. */
async function runAgain(
  world: World,
  args: readonly string[],
  direction: 'up' | 'down',
): Promise<number> {
  const { proxy, options } = await through(world, direction, Infinity);
  const { exitCode, stdout } = await world.run([...args, ...options, '--json']);
  expect(exitCode).toBe(0);
  expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'summary', files: 45, failed: 0 });
  return proxy.passed[direction];
}

/** The files below a folder that somebody else would see, hidden parts of downloads apart. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.part'))
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
}

async function expectWhole(folder: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const name of await filesIn(folder)) {
    const isRight = (await readFile(join(folder, name))).equals(files.get(name) ?? Buffer.of());
    expect({ name, isRight }).toEqual({ name, isRight: true });
  }
}

describe('after the program was killed', () => {
  test('the same command completes the download of a folder, and clears up', async () => {
    const world = await makeWorld();
    const files = await makeTree(world);
    expect((await world.run(['send', 'tree', 'plain:tree'])).exitCode).toBe(0);
    const args = ['get', 'plain:tree', 'back'];
    const back = join(world.work, 'back');
    await killMidway(world, args, 'down', async () => (await largeParts(back)).length > 0);
    await expectWhole(back, files);
    const kept = await largeParts(back);

    await runAgain(world, args, 'down');
    expect((await world.shell('diff -r tree back')).exitCode).toBe(0);
    const now = await Promise.all(
      [...files.keys()].map(async (name) => (await stat(join(back, name))).ino),
    );
    // What was there of a large file is a part of it now.
    for (const ino of kept) expect(now).toContain(ino);
    expect(await openTransfers(world)).toEqual([]);
  });

  test('the same command completes the upload of a folder', async () => {
    const world = await makeWorld();
    const files = await makeTree(world);
    const args = ['send', 'tree', 'plain:copy'];
    // What has just been written could be written again unnoticed, and is sent anew then.
    const { ctimeMs } = await stat(join(world.work, 'tree/f'));
    while (Date.now() - ctimeMs < 1100) await delay(20);
    const copy = join(world.folder, 'data/received/copy');
    await killMidway(world, args, 'up', () => Promise.resolve(true));
    await expectWhole(copy, files);
    const done = (await filesIn(copy)).filter((name) => !name.startsWith('small/')).length;

    const sent = await runAgain(world, args, 'up');
    expect((await world.shell('diff -r tree ../data/received/copy')).exitCode).toBe(0);
    const whole = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    // What the server had kept of the others was not sent again.
    expect(sent).toBeLessThan(whole - (5 - done > 0 ? worthResuming : 0));
    expect(await openTransfers(world)).toEqual([]);
  });
});
