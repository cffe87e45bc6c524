import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { vaultSizes } from '@e2eeftp/vault';
import { describe, expect, test } from '@jest/globals';

import type { VerifyOutcome, VerifyResult } from '../../src/index.js';
import { failureOf } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { makeWorld, storedPath, treeOf, write, type Member, type World } from './hostile-world.js';

expectNoUnhandledRejections();

const files = {
  'letter.txt': 'Dear Bob, come on Monday',
  'report.txt': 'Dear Bob, stay at home!!',
  'photos/one.bin': 'the first photo',
  'large.bin': 'x'.repeat(200_000),
};
const bytes = Object.values(files).join('').length;

async function verify(
  { vaults }: Member,
  isDeep = false,
): Promise<{ result: VerifyResult; damaged: string[]; missing: string[] }> {
  const outcomes: VerifyOutcome[] = [];
  const onOutcome = (outcome: VerifyOutcome): void => void outcomes.push(outcome);
  const result = await vaults.verify('team', { isDeep, onOutcome });
  const pathsOf = (type: VerifyOutcome['type']): string[] =>
    outcomes.filter((one) => one.type === type).map(({ path }) => path);
  for (const outcome of outcomes) {
    if (outcome.type === 'damaged') expect(outcome.error.code).toBe('integrity');
  }
  return { result, damaged: pathsOf('damaged').sort(), missing: pathsOf('missing').sort() };
}

async function alter(world: World, path: string, offset: number): Promise<void> {
  await world.server.disk.alter(await storedPath(world, path), (content) => {
    const index = offset < 0 ? content.length + offset : offset;
    content[index] = (content[index] ?? 0) ^ 1;
    return content;
  });
}

describe('a vault that is verified', () => {
  test.each([false, true])('and is as it was left is found so (deep: %s)', async (isDeep) => {
    const { bob } = await makeWorld(files);
    const first = await verify(bob, isDeep);
    expect(first.result).toEqual({ files: 4, bytes, damaged: 0, missing: 0, isCompared: false });
    expect((await verify(bob, isDeep)).result).toEqual({ ...first.result, isCompared: true });
  });

  test('shows altered heads at once, and altered content to who looks deeper', async () => {
    const world = await makeWorld(files);
    await alter(world, 'letter.txt', 100);
    await alter(world, 'large.bin', vaultSizes.fileHeader + 16 + 70_000);
    await alter(world, 'report.txt', -1);
    expect((await verify(world.bob)).damaged).toEqual(['letter.txt']);
    const deep = await verify(world.bob, true);
    expect(deep.damaged).toEqual(['large.bin', 'letter.txt', 'report.txt']);
    expect(deep.result).toMatchObject({ files: 1, damaged: 3, missing: 0 });
  });

  test('shows files that were swapped, and names that do not belong there', async () => {
    const world = await makeWorld(files);
    const [letter, report] = await Promise.all(
      ['letter.txt', 'report.txt'].map((path) => storedPath(world, path)),
    );
    const { disk } = world.server;
    const content = await disk.read(letter ?? '');
    const other = await disk.read(report ?? '');
    await disk.alter(letter ?? '', () => other);
    await disk.alter(report ?? '', () => content);
    await writeFile(disk.locate(`${world.root}/no-name-of-a-vault`), 'x');
    const { damaged, result } = await verify(world.bob);
    expect(damaged).toEqual(['letter.txt', 'no-name-of-a-vault (damaged)', 'report.txt']);
    expect(result).toMatchObject({ files: 2, damaged: 3 });
  });

  test('shows what is missing since, whoever took it away', async () => {
    const world = await makeWorld(files);
    await verify(world.bob);
    const { disk } = world.server;
    await rm(disk.locate(await storedPath(world, 'letter.txt')));
    await treeOf(world.alice).remove('photos', { recursive: true });
    await write(world.alice, { 'new.txt': 'new' });
    const after = await verify(world.bob);
    expect(after.missing).toEqual(['letter.txt', 'photos/one.bin']);
    expect(after.result).toMatchObject({ files: 3, damaged: 0, missing: 2, isCompared: true });
    expect((await verify(world.bob)).missing).toEqual([]);
  });

  test('shows that an older version was brought back', async () => {
    const world = await makeWorld(files);
    const kept = await world.server.disk.keep(world.root);
    await write(world.alice, { 'letter.txt': 'Dear Bob, come on Sunday' });
    await verify(world.bob);
    await kept.replay();
    expect((await verify(world.bob)).missing).toEqual(['letter.txt']);
  });

  test('does not show the same again when something was only renamed', async () => {
    const { alice, bob } = await makeWorld(files);
    await verify(bob);
    await treeOf(alice).rename('photos', 'pictures');
    expect((await verify(bob)).missing).toEqual([]);
  });

  test('is compared with nothing when what was seen is damaged', async () => {
    const { bob } = await makeWorld(files);
    await verify(bob);
    const folder = join(bob.home.path, 'seen');
    const [server = ''] = await readdir(folder);
    const [file = ''] = await readdir(join(folder, server));
    await writeFile(join(folder, server, file), '["e2eeftp seen entries",1]\nnonsense\n');
    const failure = await failureOf(bob.vaults.verify('team'));
    expect(failure.code).toBe('local-file');
    expect(failure.message).toContain(file);
  });
});
