import { spawnSync } from 'node:child_process';
import { readdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { getTree, syncDown } from '../../src/index.js';
import { isOrphan, isPartName, partPathFor } from '../../src/transfer/part-name.js';
import { makeFolder } from '../home/support.js';
import { startPair, writeTree } from './support.js';

const ended = spawnSync(process.execPath, ['-e', '']).pid;

/** The name of a part that a process with a number would give. */
function partOf(name: string, pid: number): string {
  const own = process.pid.toString(16).padStart(8, '0');
  const other = pid.toString(16).padStart(8, '0');
  return basename(partPathFor(name)).replace(own, other);
}

describe('a part', () => {
  test('is an orphan when its process has ended', () => {
    expect(isOrphan(partOf('f', ended))).toBe(true);
    expect(isOrphan(`/some/folder/${partOf('f', ended)}`)).toBe(true);
    for (const pid of [process.pid, process.ppid, 1, 0, 0xffff_ffff]) {
      expect(isPartName(partOf('f', pid))).toBe(true);
      expect(isOrphan(partOf('f', pid))).toBe(false);
    }
  });

  test('is nobody’s business that was made elsewhere, or is none', () => {
    const [, name = ''] = /^(?<name>.*)\.part$/u.exec(partOf('f', ended)) ?? [];
    const elsewhere = `.f.00000000${name.slice('.f.'.length + 8)}.part`;
    expect(isPartName(elsewhere)).toBe(true);
    for (const other of [elsewhere, name, `${name}.part~`, `x${name}.part`, '.f.part', '']) {
      expect(isOrphan(other)).toBe(false);
    }
  });

  test('has a name that a file system can have, whatever the file is called', () => {
    for (const name of ['n'.repeat(255), '\u{1F600}'.repeat(63), 'é'.repeat(127)]) {
      const part = basename(partPathFor(name));
      expect(Buffer.byteLength(part)).toBeLessThanOrEqual(255);
      expect(part.isWellFormed()).toBe(true);
      expect(isPartName(part)).toBe(true);
    }
  });
});

describe('what killed downloads have left', () => {
  const orphan = partOf('x', ended);
  const own = partOf('x', process.pid);

  test.each(['get', 'sync'] as const)(
    'is gone after the same folder was received: %s',
    async (way) => {
      const { client } = await startPair();
      for (const path of ['a', 'b/c/d', 'b/e', 'only/in/f']) {
        await client.send(Buffer.from(path), `received/t/${path}`);
      }
      const folder = await makeFolder();
      const outside = await makeFolder();
      for (const place of ['', 'b/', 'b/c/', 'other/']) {
        await writeTree(folder, { [`${place}${orphan}`]: 'part', [`${place}${own}`]: 'part' });
      }
      await writeFile(join(outside, orphan), 'part');
      await symlink(outside, join(folder, 'link'));
      // Large enough for somebody to go on with it.
      const large = partOf('large', ended);
      await writeFile(join(folder, 'b', large), '');
      await truncate(join(folder, 'b', large), 4 * 1024 * 1024);
      const receive = (dryRun: boolean): Promise<unknown> =>
        way === 'get'
          ? getTree(client, 'received/t', folder, { dryRun })
          : syncDown(client, 'received/t', folder, { dryRun });
      await receive(true);
      expect(await readdir(folder)).toContain(orphan);
      await receive(false);
      for (const place of ['', 'b', 'b/c']) {
        const names = await readdir(join(folder, place));
        expect(names).not.toContain(orphan);
        expect(names).toContain(own);
      }
      expect(await readdir(join(folder, 'b'))).toContain(large);
      expect(await readdir(outside)).toEqual([orphan]);
    },
  );
});
