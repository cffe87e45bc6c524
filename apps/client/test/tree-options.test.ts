import { chmod, mkdir, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { builtinCommands } from '@e2eeftp/server';
import { describe, expect, test } from '@jest/globals';

import { jsonLines, makeWorld, type World } from './support/world.js';

async function makeTree(world: World): Promise<void> {
  await world.write('tree/a.txt', 'a');
  await world.write('tree/b.tmp', 'bb');
  await world.write('tree/.git/config', 'c');
  await world.write('tree/src/main.c', 'main');
}

describe('patterns', () => {
  test('choose what is sent and fetched', async () => {
    const world = await makeWorld();
    await makeTree(world);
    const patterns = ['--exclude', '*.tmp', '--exclude', '.git'];
    expect((await world.run(['send', 'tree', 'some', ...patterns])).exitCode).toBe(0);
    expect(await world.storedPaths('some')).toEqual(['a.txt', 'src/', 'src/main.c']);
    await world.storeTree('tree', 'all');
    expect((await world.run(['get', 'all', 'back', '--include', '*.c'])).exitCode).toBe(0);
    expect((await world.shell('cd back && find . -type f')).stdout).toBe('./src/main.c\n');
  });

  test('come from a variable, a line each, and are refused when they are none', async () => {
    const world = await makeWorld();
    await makeTree(world);
    const env = { E2EEFTP_EXCLUDE: '*.tmp\n.git' };
    await world.run(['send', 'tree'], { env });
    expect(await world.storedPaths('tree')).toEqual(['a.txt', 'src/', 'src/main.c']);
    for (const pattern of ['', '/']) {
      const { exitCode, stderr } = await world.run(['send', 'tree', `--exclude=${pattern}`]);
      expect(exitCode).toBe(2);
      expect(stderr).not.toBe('');
    }
  });
});

describe('--links', () => {
  test('follow sends what a link leads to; anything else is no policy', async () => {
    const world = await makeWorld();
    await world.write('outside/f', 'f');
    await mkdir(join(world.work, 'tree'));
    await symlink('../outside', join(world.work, 'tree/link'));
    await symlink('.', join(world.work, 'tree/self'));
    const sent = await world.run(['send', 'tree', '--links', 'follow']);
    expect(sent.exitCode).toBe(0);
    expect(sent.stderr).toContain(
      'Skipped tree/self: it is a symbolic link that leads in a circle',
    );
    expect(await world.storedPaths('tree')).toEqual(['link/', 'link/f']);
    const wrong = await world.run(['send', 'tree', '--links=copy']);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('skip or follow');
  });
});

describe('--dry-run', () => {
  test('says what would be done, and does nothing', async () => {
    const world = await makeWorld();
    await makeTree(world);
    const sent = await world.run(['send', 'tree', '--dry-run', '--exclude', '.git']);
    expect(sent.stdout.split('\n').sort()).toEqual([
      '',
      'home:tree/a.txt  1 B',
      'home:tree/b.tmp  2 B',
      'home:tree/src/main.c  4 B',
    ]);
    expect(sent.stderr).toBe('Would send 3 files: 7 B\n');
    expect(await world.storedPaths()).toEqual([]);

    await world.storeTree('tree');
    await rm(join(world.work, 'tree'), { recursive: true });
    const { stdout } = await world.run(['get', 'tree', 'new/er/', '--dry-run', '--json']);
    const lines = jsonLines(stdout);
    expect(lines.at(-1)).toMatchObject({ type: 'summary', files: 4, bytes: 8, dryRun: true });
    expect(lines).toContainEqual({
      type: 'file',
      local: 'new/er/tree/a.txt',
      remote: 'home:tree/a.txt',
      size: 1,
    });
    expect(await world.names()).toEqual([]);
  });

  test('of rm names what would go', async () => {
    const world = await makeWorld();
    await makeTree(world);
    await world.storeTree('tree');
    expect((await world.run(['rm', '--dry-run', 'tree'])).exitCode).toBe(6);
    expect((await world.run(['rm', '--dry-run', 'none'])).exitCode).toBe(5);
    const { stdout } = await world.run(['rm', '-r', '--dry-run', 'tree/src', 'tree/a.txt']);
    expect(stdout).toBe('home:tree/src\nhome:tree/src/main.c\nhome:tree/a.txt\n');
    const json = await world.run(['rm', '-r', '--dry-run', '--json', 'tree/a.txt']);
    expect(jsonLines(json.stdout)).toEqual([
      { type: 'removed', path: 'home:tree/a.txt', dryRun: true },
    ]);
    expect(await world.storedPaths('tree')).toHaveLength(6);
  });

  test('makes no sense with standard streams', async () => {
    const world = await makeWorld();
    expect((await world.run(['send', '--dry-run', '-', 'x'])).exitCode).toBe(2);
    expect((await world.run(['get', '--dry-run', 'x', '-'])).exitCode).toBe(2);
  });
});

describe('--jobs', () => {
  test('sets how many files are under way', async () => {
    const world = await makeWorld();
    await makeTree(world);
    for (const jobs of ['1', '256']) {
      expect((await world.run(['send', '-j', jobs, 'tree', jobs])).exitCode).toBe(0);
      expect((await world.run(['get', '--jobs', jobs, jobs, `back-${jobs}`])).exitCode).toBe(0);
      expect((await world.shell(`diff -r tree back-${jobs}`)).exitCode).toBe(0);
    }
    for (const jobs of ['0', '257', '-1', 'x', '1.5']) {
      expect((await world.run(['send', `--jobs=${jobs}`, 'tree'])).exitCode).toBe(2);
    }
  });
});

test('-p keeps permissions and times, both ways', async () => {
  const world = await makeWorld();
  await world.write('tree/run', '#!');
  await world.write('tree/read', 'r');
  await chmod(join(world.work, 'tree/run'), 0o751);
  await chmod(join(world.work, 'tree/read'), 0o444);
  await world.shell('touch -d 2001-02-03T04:05:06.789Z tree/run');
  await world.run(['send', '-p', 'tree', 'plain:tree']);
  await world.run(['get', '-p', 'plain:tree', 'back']);
  const back = await stat(join(world.work, 'back/run'));
  expect(back.mode & 0o7777).toBe(0o751);
  expect(Math.round(back.mtimeMs)).toBe(Date.UTC(2001, 1, 3, 4, 5, 6, 789));
  expect((await stat(join(world.work, 'back/read'))).mode & 0o7777).toBe(0o644);
  const { stdout } = await world.run(['stat', '--json', 'plain:tree/run']);
  expect(jsonLines(stdout)).toMatchObject([{ mode: 0o751 }]);
  await world.run(['send', 'tree', 'plain:tree']);
  expect((await stat(join(world.folder, 'data/received/tree/run'))).mode & 0o7777).toBe(0o600);
});

describe('a folder that is fetched or sent again', () => {
  test('goes on in the same place', async () => {
    const world = await makeWorld();
    await makeTree(world);
    for (let turn = 0; turn < 2; turn++) {
      expect((await world.run(['send', 'tree', 'copy'])).exitCode).toBe(0);
      expect((await world.run(['get', 'copy', 'back'])).exitCode).toBe(0);
      expect((await world.run(['get', 'copy'])).exitCode).toBe(0);
      expect((await world.shell('diff -r tree back && diff -r tree copy')).exitCode).toBe(0);
    }
    expect(await world.storedPaths()).toHaveLength(7);
  });

  test('goes into another only where that is said', async () => {
    const world = await makeWorld();
    await makeTree(world);
    await mkdir(join(world.work, 'shelf/inner'), { recursive: true });
    await world.storeTree('tree', 'shelf/tree');
    expect(await world.storedPaths('shelf')).toContain('tree/a.txt');
    for (const local of ['shelf/', 'shelf/.', 'shelf/inner/..']) {
      await rm(join(world.work, 'shelf/shelf'), { recursive: true, force: true });
      expect((await world.run(['get', 'shelf', local])).exitCode).toBe(0);
      expect((await world.read('shelf/shelf/tree/a.txt')).toString()).toBe('a');
    }
    // Files go where cp would put them.
    await world.run(['get', 'shelf/tree/a.txt', 'shelf']);
    expect((await world.read('shelf/a.txt')).toString()).toBe('a');
  });
});

test('a server that does not keep permissions is said to, once', async () => {
  const commands = builtinCommands.filter(({ name }) => name !== 'CHMOD');
  const world = await makeWorld({ commands });
  await makeTree(world);
  const words = 'The server does not keep permissions; files come without them\n';
  for (const args of [
    ['send', '-p', 'tree', 'plain:tree'],
    ['sync', '-p', 'tree', 'plain:tree'],
    ['get', '-p', 'plain:tree', 'back'],
  ]) {
    const { exitCode, stderr } = await world.run(args);
    expect([exitCode, stderr.split(words).length]).toEqual([0, 2]);
    const { stdout } = await world.run([...args, '--json']);
    expect(jsonLines(stdout)[0]).toEqual({ type: 'notice', code: 'permissions-not-kept' });
    const without = await world.run(args.filter((arg) => arg !== '-p'));
    expect([without.exitCode, without.stderr.split(words).length]).toEqual([0, 1]);
  }
});
