import { describe, expect, test } from '@jest/globals';

import { ClientError, type RekeyOutcome } from '../../src/index.js';
import { failureOf } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { makeWorld, outcomesOf, storedPath, treeOf, write, type Member } from './hostile-world.js';

expectNoUnhandledRejections();

const small = {
  'letter.txt': 'Dear Bob, come on Monday',
  'photos/one.bin': 'the first photo',
  'photos/old/two.bin': 'another picture',
};
const large = 'x'.repeat(1_500_000);
const files = { ...small, 'large.bin': large };
const received = Object.fromEntries(Object.keys(small).map((path) => [path, 'received']));

async function expectFiles(member: Member): Promise<void> {
  expect(await outcomesOf(member, small)).toEqual(received);
  // Compared by itself: for the way in which the others are, it is too long.
  expect((await treeOf(member).getBytes('large.bin')).toString() === large).toBe(true);
}

describe('a vault that is rekeyed', () => {
  test('has everything as it was, and nothing older counts any more', async () => {
    const { server, alice, bob, root } = await makeWorld(files);
    const mtime = 1_500_000_000_000;
    await treeOf(alice).send(Buffer.from('dated'), 'dated', { mtime, mode: 0o751 });
    const kept = await server.disk.keep(root);
    const outcomes: RekeyOutcome[] = [];
    const onOutcome = (outcome: RekeyOutcome): void => void outcomes.push(outcome);
    expect(await alice.vaults.rekey('team', { onOutcome })).toEqual({
      files: 5,
      directories: 2,
      failed: 0,
    });
    expect(outcomes.map(({ path }) => path).sort()).toEqual(
      [...Object.keys(files), 'dated', 'photos', 'photos/old'].sort(),
    );
    const { epoch, oldest } = alice.session.opened.keyring;
    expect([epoch, oldest]).toEqual([2, 2]);
    await expectFiles(bob);
    expect(await treeOf(bob).stat('dated')).toMatchObject({ size: 5, mtime, mode: 0o751 });

    // What is brought back is sealed with keys that do not count any more.
    await kept.replay();
    const names: string[] = [];
    for await (const { damaged } of treeOf(bob).list('')) names.push(damaged ?? 'fine');
    expect(new Set(names)).toEqual(new Set(['too-old']));
  });

  test('begins no further epoch as long as older files were not all written anew', async () => {
    const world = await makeWorld(files);
    const { server, alice, bob } = world;
    const stored = await storedPath(world, 'letter.txt');
    const content = await server.disk.read(stored);
    await server.disk.alter(stored, () => Buffer.alloc(content.length));
    const first = await alice.vaults.rekey('team');
    expect(first).toEqual({ files: 3, directories: 2, failed: 1 });
    expect(alice.session.opened.keyring).toMatchObject({ epoch: 2, oldest: 1 });
    await server.disk.alter(stored, () => content);
    expect(await alice.vaults.rekey('team')).toEqual({ files: 1, directories: 0, failed: 0 });
    expect(alice.session.opened.keyring).toMatchObject({ epoch: 2, oldest: 2 });
    await expectFiles(bob);
    expect(await alice.vaults.rekey('team')).toMatchObject({ files: 4, directories: 2 });
    expect(alice.session.opened.keyring).toMatchObject({ epoch: 3, oldest: 3 });
  });

  test('after somebody was removed, needs no epoch of its own', async () => {
    const { alice, bob } = await makeWorld(files);
    await (await alice.vaults.members('team')).remove(bob.fingerprint);
    await write(alice, { 'new.txt': 'new' });
    expect(await alice.vaults.rekey('team')).toEqual({ files: 4, directories: 2, failed: 0 });
    expect(alice.session.opened.keyring).toMatchObject({ epoch: 2, oldest: 2 });
    expect(await outcomesOf(alice, { ...small, 'new.txt': 'new' })).toEqual({
      ...received,
      'new.txt': 'received',
    });
  });

  test('is so by an owner, and not by others', async () => {
    const { bob } = await makeWorld(files);
    const failure = await failureOf(bob.vaults.rekey('team'));
    expect(failure).toBeInstanceOf(ClientError);
    expect(failure.code).toBe('not-allowed');
  });
});
