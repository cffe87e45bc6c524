import { describe, expect, test } from '@jest/globals';

import { ClientError, type RekeyOutcome } from '../../src/index.js';
import { failureOf } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { makeWorld, outcomesOf, storedPath, treeOf, write } from './hostile-world.js';

expectNoUnhandledRejections();

const files = {
  'letter.txt': 'Dear Bob, come on Monday',
  'photos/one.bin': 'the first photo',
  'photos/old/two.bin': 'another picture',
  'large.bin': 'x'.repeat(1_500_000),
};
const received = Object.fromEntries(Object.keys(files).map((path) => [path, 'received']));

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
    expect(await outcomesOf(bob, files)).toEqual(received);
    expect(await treeOf(bob).stat('dated')).toMatchObject({ size: 5, mtime, mode: 0o751 });

    // What is brought back is sealed with keys that do not count any more.
    await kept.replay();
    const names: string[] = [];
    for await (const { damaged } of treeOf(bob).list('')) names.push(damaged ?? 'fine');
    expect(new Set(names)).toEqual(new Set(['too-old']));
  });

  test('begins no further epoch as long as older files were not all written anew', async () => {
    const { server, alice, bob, root } = await makeWorld(files);
    const stored = await storedPath({ server, alice, root } as never, 'letter.txt');
    const content = await server.disk.read(stored);
    await server.disk.alter(stored, () => Buffer.alloc(content.length));
    const first = await alice.vaults.rekey('team');
    expect(first).toEqual({ files: 3, directories: 2, failed: 1 });
    expect(alice.session.opened.keyring).toMatchObject({ epoch: 2, oldest: 1 });
    await server.disk.alter(stored, () => content);
    expect(await alice.vaults.rekey('team')).toEqual({ files: 1, directories: 0, failed: 0 });
    expect(alice.session.opened.keyring).toMatchObject({ epoch: 2, oldest: 2 });
    expect(await outcomesOf(bob, files)).toEqual(received);
    expect(await alice.vaults.rekey('team')).toMatchObject({ files: 4, directories: 2 });
    expect(alice.session.opened.keyring).toMatchObject({ epoch: 3, oldest: 3 });
  });

  test('after somebody was removed, needs no epoch of its own', async () => {
    const { alice, bob } = await makeWorld(files);
    await (await alice.vaults.members('team')).remove(bob.fingerprint);
    await write(alice, { 'new.txt': 'new' });
    expect(await alice.vaults.rekey('team')).toEqual({ files: 4, directories: 2, failed: 0 });
    expect(alice.session.opened.keyring).toMatchObject({ epoch: 2, oldest: 2 });
    expect(await outcomesOf(alice, { ...files, 'new.txt': 'new' })).toEqual({
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
