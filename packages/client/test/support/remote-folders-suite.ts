import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { getTree, sendTree, syncDown, syncUp } from '../../src/index.js';
import { failureOf, makeFolder } from '../home/support.js';
import { readTree, withFolders, writeTree } from '../tree/support.js';
import { beginTree, type BegunTree, type MakeTree } from './made-tree.js';

const leaf = 1_048_576;

/**
 * Tests what folders, names and whole trees do alike in every tree on a server.
 *
 * @param make - gives a tree with nothing in it
 */
export function testRemoteFolders(make: MakeTree): void {
  const begin = (): Promise<BegunTree> => beginTree(make);

  describe('folders', () => {
    test('are made, listed and removed', async () => {
      const { tree, at, names } = await begin();
      await tree.mkdir(at('a/b/c'));
      await tree.mkdir(at('a/b'));
      await tree.send(Buffer.from('x'), at('a/b/file'));
      await tree.send(Buffer.from('y'), at('a/z/file'));
      expect(await names('')).toEqual(['a']);
      expect(await names('a')).toEqual(['b', 'z']);
      expect(await names('', true)).toEqual(['a', 'a/b', 'a/b/c', 'a/b/file', 'a/z', 'a/z/file']);
      expect(await tree.stat(at('a/b'))).toMatchObject({ type: 'directory', size: 0 });
      expect((await failureOf(tree.mkdir(at('a/b/file')))).code).toBe('conflict');
      expect((await failureOf(tree.mkdir(at('a/b/file/x')))).code).toBe('conflict');
      expect((await failureOf(tree.send(Buffer.of(1), at('a/b/file/x')))).code).toBe('conflict');
      expect((await failureOf(tree.send(Buffer.of(1), at('a/b')))).code).toBe('conflict');
      expect((await failureOf(tree.remove(at('a')))).code).toBe('conflict');
      await tree.remove(at('a/b/c'));
      await tree.remove(at('a'), { recursive: true });
      expect(await names('')).toEqual([]);
      await tree.mkdir(at('a'));
      expect(await names('', true)).toEqual(['a']);
    });

    test('made at once are one', async () => {
      const { tree, at, names } = await begin();
      await Promise.all(['a/b', 'a', 'a/c', 'a/b', 'a/b/d'].map((path) => tree.mkdir(at(path))));
      expect(await names('', true)).toEqual(['a', 'a/b', 'a/b/d', 'a/c']);
    });

    test('and files are removed by their version', async () => {
      const { tree, at, names } = await begin();
      const { etag } = await tree.send(Buffer.from('1'), at('x'));
      await tree.send(Buffer.from('2'), at('x'));
      expect((await failureOf(tree.remove(at('x'), { etag }))).code).toBe('conflict');
      const { etag: newer } = await tree.stat(at('x'));
      await tree.remove(at('x'), { etag: newer });
      expect(await names('')).toEqual([]);
    });

    test('are listed in the order of their names, with any names', async () => {
      const { tree, at, names, longestName } = await begin();
      const all = [
        'a',
        'b',
        ' ',
        '-rf',
        '.hidden',
        'colon:name',
        'é',
        'e\u0301',
        '\u65E5\u672C\u8A9E',
        '\u{1F469}\u200D\u{1F680}',
        '\uFF5E',
        'n'.repeat(longestName),
        '\u65E5'.repeat(Math.floor(longestName / 3)),
      ];
      await Promise.all(all.map((name) => tree.send(Buffer.from(name), at(name))));
      const ordered = [...all].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(await names('')).toEqual(ordered);
      for (const name of all) {
        expect((await tree.getBytes(at(name))).toString()).toBe(name);
      }
      const bad = ['n'.repeat(longestName + 1), 'a//b', '..', 'a/../b', 'a\u0000b', 'a\\b'];
      for (const name of bad) {
        expect((await failureOf(tree.send(Buffer.of(1), at(name)))).code).toBe('bad-name');
        expect((await failureOf(tree.mkdir(at(name)))).code).toBe('bad-name');
      }
      expect(await names('')).toEqual(ordered);
    });
  });

  describe('renaming', () => {
    test('moves files and folders', async () => {
      const { tree, at, names } = await begin();
      await tree.send(Buffer.from('x'), at('a/x'));
      await tree.send(Buffer.from('y'), at('a/deep/y'));
      const { mtime } = await tree.stat(at('a/x'));
      await tree.rename(at('a/x'), at('b/c/x2'));
      expect(await tree.stat(at('b/c/x2'))).toMatchObject({ mtime, size: 1 });
      await tree.rename(at('a'), at('b/a'));
      expect(await names('', true)).toEqual([
        ...['b', 'b/a', 'b/a/deep', 'b/a/deep/y', 'b/c', 'b/c/x2'],
      ]);
      expect((await tree.getBytes(at('b/a/deep/y'))).toString()).toBe('y');
      await tree.send(Buffer.from('z'), at('b/a/deep/z'));
      await tree.rename(at('b/a/deep'), at('deep'));
      expect(await names('deep')).toEqual(['y', 'z']);
    });

    test('keeps what is there, unless it may be replaced', async () => {
      const { tree, at, names } = await begin();
      await tree.send(Buffer.from('x'), at('x'));
      const { etag } = await tree.send(Buffer.from('y'), at('y'));
      await tree.mkdir(at('folder'));
      const overwrite = 'always';
      expect((await failureOf(tree.rename(at('x'), at('y')))).code).toBe('conflict');
      expect((await failureOf(tree.rename(at('x'), at('x')))).code).toBe('conflict');
      expect((await failureOf(tree.rename(at('x'), at('folder')))).code).toBe('conflict');
      const onto = tree.rename(at('x'), at('folder'), { overwrite });
      expect((await failureOf(onto)).code).toBe('conflict');
      const over = tree.rename(at('folder'), at('x'), { overwrite });
      expect((await failureOf(over)).code).toBe('conflict');
      const into = tree.rename(at('folder'), at('folder/in/itself'));
      expect((await failureOf(into)).code).toBe('not-allowed');
      const other = tree.rename(at('x'), at('y'), { overwrite: { etag: 'another' } });
      expect((await failureOf(other)).code).toBe('conflict');
      await tree.rename(at('x'), at('y'), { overwrite: { etag } });
      expect(await names('', true)).toEqual(['folder', 'y']);
      expect((await tree.getBytes(at('y'))).toString()).toBe('x');
      await tree.send(Buffer.from('z'), at('z'));
      await tree.rename(at('z'), at('y'), { overwrite: 'always' });
      expect(await names('', true)).toEqual(['folder', 'y']);
      expect((await tree.getBytes(at('y'))).toString()).toBe('z');
    });
  });

  describe('whole trees', () => {
    const content = {
      'a file.txt': 'a',
      empty: '',
      'folder/of/it/file': 'deep',
      'folder/é': 'é',
      'empty folder': undefined,
      'large.bin': 'x'.repeat(2 * leaf + 5),
      ...Object.fromEntries(
        Array.from({ length: 120 }, (_, index) => [`many/${index}`, `content ${index}`]),
      ),
    };

    test('come back as they were', async () => {
      const { tree, at } = await begin();
      const folder = await makeFolder();
      await writeTree(join(folder, 'from'), content);
      const sent = await sendTree(tree, join(folder, 'from'), at('tree'));
      expect(sent.failures).toEqual([]);
      expect(await getTree(tree, at('tree'), join(folder, 'to'))).toMatchObject({ failed: 0 });
      expect(await readTree(join(folder, 'to'))).toEqual(withFolders(content));
      const again = await sendTree(tree, join(folder, 'from'), at('tree'), { overwrite: 'never' });
      expect(again).toMatchObject({ files: 0, failed: 0 });
    });

    test('are made equal, in both directions', async () => {
      const { tree, at, names } = await begin();
      const folder = await makeFolder();
      const [here, there] = [join(folder, 'here'), join(folder, 'there')];
      await writeTree(here, content);
      const first = await syncUp(tree, here, at('t'));
      expect(first).toMatchObject({ failed: 0, files: 125 });
      expect(await syncUp(tree, here, at('t'))).toMatchObject({ failed: 0, files: 0 });
      expect(await syncDown(tree, at('t'), there)).toMatchObject({ failed: 0, files: 125 });
      expect(await syncDown(tree, at('t'), there)).toMatchObject({ failed: 0, files: 0 });
      expect(await readTree(there)).toEqual(withFolders(content));
      await writeFile(join(there, 'many/7'), 'changed');
      await mkdir(join(there, 'new'));
      const same = join(there, 'many/8');
      await utimes(same, 1, 1);
      const checked = await syncUp(tree, there, at('t'), { checksum: true, delete: true });
      expect(checked).toMatchObject({ failed: 0, files: 1, removed: 0 });
      expect((await tree.getBytes(at('t/many/7'))).toString()).toBe('changed');
      await writeTree(join(folder, 'few'), { 'many/1': 'content 1' });
      const few = await syncUp(tree, join(folder, 'few'), at('t'), { delete: true, force: true });
      expect(few).toMatchObject({ failed: 0 });
      expect(await names('t', true)).toEqual(['many', 'many/1']);
    });
  });
}
