import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { syncDown, syncUp, type SyncOutcome, type VaultTree } from '../../src/index.js';
import { makeFolder } from '../home/support.js';
import { writeTree } from '../tree/support.js';
import { startVaultServer, vaultsOf } from './support.js';

const kept = { preserveMode: true };

interface Scene {
  readonly folder: string;
  readonly tree: VaultTree;
  /** The same vault at another machine of the same person. */
  readonly elsewhere: VaultTree;
}

async function makeScene(): Promise<Scene> {
  const server = await startVaultServer();
  const alice = await server.person('alice');
  const other = await server.person('alice', { identity: alice.identity });
  const tree = await vaultsOf(alice).tree('home');
  const elsewhere = await vaultsOf(other).tree('home');
  const folder = await makeFolder();
  await writeTree(folder, { run: '#!', 'in/read': 'r', same: 's'.repeat(2_000_000) });
  await chmod(join(folder, 'run'), 0o644);
  await syncUp(tree, folder, 't', kept);
  return { folder, tree, elsewhere };
}

async function localMode(path: string): Promise<number> {
  return (await stat(path)).mode & 0o7777;
}

function recorded(): { shown: string[]; onOutcome: (outcome: SyncOutcome) => void } {
  const shown: string[] = [];
  return { shown, onOutcome: ({ type, remote }) => void shown.push(`${type} ${remote}`) };
}

test('a sync sends files anew whose permissions alone differ, and no others', async () => {
  const { folder, tree, elsewhere } = await makeScene();
  await chmod(join(folder, 'run'), 0o4755);
  await chmod(join(folder, 'in/read'), 0o440);
  expect(await syncUp(tree, folder, 't')).toMatchObject({ files: 0, unchanged: 3 });
  const dry = await syncUp(tree, folder, 't', { ...kept, dryRun: true });
  expect(dry).toMatchObject({ files: 2, unchanged: 1 });
  expect(await tree.stat('t/run')).toMatchObject({ mode: 0o644 });

  const { shown, onOutcome } = recorded();
  const result = await syncUp(tree, folder, 't', { ...kept, onOutcome });
  expect(result).toMatchObject({ files: 2, bytes: 3, permissions: 0, unchanged: 1, failed: 0 });
  expect(shown.sort()).toEqual(['file t/in/read', 'file t/run']);
  expect(await elsewhere.stat('t/run')).toMatchObject({ mode: 0o755 });
  expect(await elsewhere.stat('t/in/read')).toMatchObject({ mode: 0o440 });
  for (const options of [kept, { ...kept, checksum: true }]) {
    const again = await syncUp(elsewhere, folder, 't', options);
    expect(again).toMatchObject({ files: 0, permissions: 0, unchanged: 3 });
  }
});

test('a sync receives files anew whose permissions alone differ, and no others', async () => {
  const { folder, elsewhere } = await makeScene();
  await chmod(join(folder, 'run'), 0o751);
  const { ino } = await stat(join(folder, 'same'));
  expect(await syncDown(elsewhere, 't', folder)).toMatchObject({ files: 0, unchanged: 3 });
  const dry = await syncDown(elsewhere, 't', folder, { ...kept, dryRun: true });
  expect(dry).toMatchObject({ files: 1, unchanged: 2 });
  expect(await localMode(join(folder, 'run'))).toBe(0o751);

  const { shown, onOutcome } = recorded();
  const result = await syncDown(elsewhere, 't', folder, { ...kept, onOutcome });
  expect(result).toMatchObject({ files: 1, bytes: 2, permissions: 0, unchanged: 2, failed: 0 });
  expect(shown).toEqual(['file t/run']);
  expect(await localMode(join(folder, 'run'))).toBe(0o644);
  expect(await readFile(join(folder, 'run'), 'utf8')).toBe('#!');
  expect((await stat(join(folder, 'same'))).ino).toBe(ino);
  const again = await syncDown(elsewhere, 't', folder, kept);
  expect(again).toMatchObject({ files: 0, permissions: 0, unchanged: 3 });
});

test('what moves for its permissions is counted in the progress as it comes', async () => {
  const { folder, tree } = await makeScene();
  await chmod(join(folder, 'same'), 0o600);
  await chmod(join(folder, 'run'), 0o700);
  let bytes = 0;
  const onProgress = (progress: { readonly bytes: number }): void => {
    bytes = Math.max(bytes, progress.bytes);
  };
  const result = await syncUp(tree, folder, 't', { ...kept, onProgress });
  expect(result).toMatchObject({ files: 2, bytes: 2_000_002 });
  expect(bytes).toBe(2_000_002);
});
