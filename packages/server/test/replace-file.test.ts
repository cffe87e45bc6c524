import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { replaceFile } from '../src/replace-file.js';
import { inTemporaryDirectory } from './store/temporary-directory.js';

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

test('a file is made and replaced, with the rights that it is to have', async () => {
  await inTemporaryDirectory(async (directory) => {
    const path = `${directory}/file`;
    for (const mode of [0o600, 0o666, 0o640]) {
      await replaceFile(path, `with ${mode}`, { mode });
      expect([await readFile(path, 'utf8'), await modeOf(path)]).toEqual([`with ${mode}`, mode]);
    }
    expect(await readdir(directory)).toEqual(['file']);
  });
});

test('where a link leads is replaced, and the link stays', async () => {
  await inTemporaryDirectory(async (directory) => {
    await mkdir(`${directory}/real`);
    await writeFile(`${directory}/real/file`, 'old');
    await symlink('real/file', `${directory}/link`);
    await replaceFile(`${directory}/link`, 'new', { mode: 0o600 });
    expect((await lstat(`${directory}/link`)).isSymbolicLink()).toBe(true);
    expect(await readFile(`${directory}/real/file`, 'utf8')).toBe('new');
  });
});

test('what a crash has left is replaced, and a link in its place is not followed', async () => {
  await inTemporaryDirectory(async (directory) => {
    const path = `${directory}/file`;
    await writeFile(`${path}.new`, 'half of', { mode: 0o666 });
    await replaceFile(path, 'first', { mode: 0o600 });
    await writeFile(`${directory}/precious`, 'precious');
    await symlink('precious', `${path}.new`);
    await replaceFile(path, 'second', { mode: 0o600 });
    expect(await readFile(path, 'utf8')).toBe('second');
    expect(await readFile(`${directory}/precious`, 'utf8')).toBe('precious');
    expect((await readdir(directory)).sort()).toEqual(['file', 'precious']);
  });
});

test('a file that cannot be replaced stays, and nothing is left beside it', async () => {
  await inTemporaryDirectory(async (directory) => {
    const path = `${directory}/folder`;
    await mkdir(path);
    await expect(replaceFile(path, 'text', { mode: 0o600 })).rejects.toMatchObject({
      code: 'EISDIR',
    });
    expect(await readdir(directory)).toEqual(['folder']);
  });
});
