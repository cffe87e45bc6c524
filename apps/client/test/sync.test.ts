import { mkdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { jsonLines, makeWorld, type World } from './support/world.js';

/** A world with a folder `photos` on both sides, in which all is equal. */
async function makeEqual(): Promise<World> {
  const world = await makeWorld();
  for (const name of ['a.jpg', 'b.jpg', '2026/c.jpg', '2026/.d']) {
    await world.write(`photos/${name}`, name);
  }
  const { exitCode } = await world.run(['sync', 'photos', 'plain:photos']);
  expect(exitCode).toBe(0);
  return world;
}

const stored = 'diff -r photos ../data/received/photos';

describe('sync', () => {
  test('brings one side up to date with the other, either way', async () => {
    const world = await makeEqual();
    expect((await world.shell(stored)).exitCode).toBe(0);
    const idle = await world.run(['sync', './photos/', 'plain:photos']);
    expect(idle).toMatchObject({ exitCode: 0, stdout: '' });
    expect(idle.stderr).toMatch(/^Sent 0 files: .*, 4 unchanged\n$/u);

    await world.write('photos/a.jpg', 'changed');
    await world.write('photos/new/e', 'e');
    await rm(join(world.work, 'photos/b.jpg'));
    const up = await world.run(['sync', 'photos', 'plain:photos', '--delete', '--json']);
    expect(up.exitCode).toBe(0);
    const lines = jsonLines(up.stdout);
    expect(lines).toContainEqual({
      type: 'removed',
      local: 'photos/b.jpg',
      remote: 'received/photos/b.jpg',
    });
    expect(lines.at(-1)).toMatchObject({
      type: 'summary',
      files: 2,
      unchanged: 2,
      removed: 1,
      spared: 0,
      failed: 0,
      dryRun: false,
    });
    expect((await world.shell(stored)).exitCode).toBe(0);

    await world.run(['sync', 'plain:photos', 'copy']);
    expect((await world.shell('diff -r photos copy')).exitCode).toBe(0);
    await utimes(join(world.work, 'copy/a.jpg'), 1, 1);
    await world.write('copy/stray', 'stray');
    const down = await world.run(['sync', 'plain:photos', 'copy', '--delete']);
    expect(down.stderr).toMatch(
      /^Received received\/photos\/a\.jpg to .*3 unchanged, 1 removed\n$/u,
    );
    expect((await world.shell('diff -r photos copy')).exitCode).toBe(0);
  });

  test('removes more than half only by force, and says first what it would do', async () => {
    const world = await makeEqual();
    await rm(join(world.work, 'photos'), { recursive: true });
    await mkdir(join(world.work, 'photos'));
    const refused = await world.run(['sync', 'photos', 'plain:photos', '--delete', '--json']);
    expect(refused.exitCode).toBe(1);
    expect(jsonLines(refused.stdout).at(-1)).toMatchObject({
      type: 'error',
      code: 'too-many-removals',
    });
    const args = ['sync', 'photos', 'plain:photos', '--delete', '--force'];
    const dry = await world.run([...args, '--dry-run']);
    expect(dry.stdout.split('\n')).toContain('remove received/photos/2026/c.jpg');
    expect(dry.stderr).toContain('5 to be removed');
    expect((await world.run(['ls', '-R', 'plain:photos'])).stdout.split('\n')).toHaveLength(6);
    expect((await world.run(args)).exitCode).toBe(0);
    expect((await world.run(['ls', '-R', 'plain:photos'])).stdout).toBe('');
  });

  test('takes patterns and --checksum', async () => {
    const world = await makeEqual();
    await utimes(join(world.work, 'photos/a.jpg'), 1, 1);
    await world.write('photos/x.tmp', 'x');
    const args = ['sync', 'photos', 'plain:photos', '--exclude', '*.tmp', '--json'];
    const checked = await world.run([...args, '--checksum']);
    expect(jsonLines(checked.stdout)).toMatchObject([
      { type: 'summary', files: 0, unchanged: 4, bytes: 0 },
    ]);
    const timed = await world.run(args);
    expect(jsonLines(timed.stdout)).toMatchObject([
      { type: 'file', remote: 'received/photos/a.jpg' },
      { type: 'summary', files: 1, unchanged: 3 },
    ]);
  });

  test('brings permissions with -p, also where nothing else differs', async () => {
    const world = await makeEqual();
    const modes = (folder: string): Promise<{ stdout: string }> =>
      world.shell(`cd ${folder} && find . -type f -printf '%m %p\\n' | sort`);
    await world.shell('chmod 644 photos/*.jpg; chmod 600 photos/2026/.d; chmod 751 photos/a.jpg');
    const up = ['sync', 'photos', 'plain:photos'];
    expect((await world.run(up)).stderr).toContain(', 4 unchanged\n');
    const dry = await world.run([...up, '-p', '--dry-run']);
    expect(dry.stdout).toContain('permissions 751 received/photos/a.jpg\n');
    expect(dry.stderr).toContain(', 1 unchanged, 3 to get other permissions\n');
    const sent = await world.run([...up, '--preserve']);
    expect(sent.stderr).toMatch(/^Sent 0 files: .*, 1 unchanged, 3 given other permissions\n$/u);
    expect(await modes('../data/received/photos')).toEqual(await modes('photos'));

    await world.run(['sync', '-p', 'plain:photos', 'copy']);
    expect(await modes('copy')).toEqual(await modes('photos'));
    await world.shell('chmod 600 copy/a.jpg');
    const down = await world.run(['sync', '-p', 'plain:photos', 'copy', '--json']);
    expect(jsonLines(down.stdout)).toMatchObject([
      {
        type: 'permissions',
        local: 'copy/a.jpg',
        remote: 'received/photos/a.jpg',
        mode: 0o751,
      },
      { type: 'summary', files: 0, unchanged: 3, permissions: 1 },
    ]);
    expect(await modes('copy')).toEqual(await modes('photos'));
  });

  test('needs one folder on each side', async () => {
    const world = await makeEqual();
    for (const [args, exitCode] of [
      [['photos', 'photos'], 2],
      [['plain:photos', 'plain:other'], 2],
      [['plain:photos', 'copy', '--links', 'follow'], 2],
      [['photos', 'team:photos'], 5],
      [['home:photos', 'plain:photos'], 2],
      [['photos'], 2],
      [['none', 'plain:photos'], 1],
      [['photos/a.jpg', 'plain:photos'], 1],
      [['photos', 'plain:photos/a.jpg'], 6],
      [['plain:none', 'photos'], 5],
      [['--v1', 'photos', 'plain:photos'], 2],
    ] as const) {
      expect({ args, exitCode: (await world.run(['sync', ...args])).exitCode }).toEqual({
        args,
        exitCode,
      });
    }
    expect((await world.shell(stored)).exitCode).toBe(0);
  });
});
