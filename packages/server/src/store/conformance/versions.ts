import type { SuiteContext } from './context.js';

/**
 * Etags tell versions apart, and files are replaced as the caller said.
 *
 * @param context - the suite's
 */
export function versionTests({ framework, check }: SuiteContext): void {
  const { expect } = framework;

  check('"never" makes a file, and replaces none', async (probe) => {
    const first = await probe.put('received/f', 'first', { overwrite: 'never' });
    await expect(probe.put('received/f', 'second', { overwrite: 'never' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await probe.getText('received/f')).toBe('first');
    expect((await probe.stat('received/f')).etag).toBe(first.etag);
  });

  check('an etag replaces the file that has it, and no other', async (probe) => {
    const first = await probe.put('received/f', 'first');
    const second = await probe.put('received/f', 'second', { overwrite: { etag: first.etag } });
    for (const etag of [first.etag, 'no etag', '']) {
      await expect(probe.put('received/f', 'x', { overwrite: { etag } })).rejects.toMatchObject({
        code: 'conflict',
      });
    }
    expect(await probe.getText('received/f')).toBe('second');
    const { etag } = await probe.stat('received/f');
    expect(etag).toBe(second.etag);
    await probe.put('received/f', 'third', { overwrite: { etag } });
    expect(await probe.getText('received/f')).toBe('third');
  });

  check('an etag is a conflict where nothing is, and makes nothing', async (probe) => {
    const { etag } = await probe.put('received/f', '');
    for (const path of ['received/g', 'received/h/i']) {
      await expect(probe.put(path, 'x', { overwrite: { etag } })).rejects.toMatchObject({
        code: 'conflict',
      });
    }
    expect(await probe.names('received', { recursive: true })).toEqual(['f']);
  });

  check('a file keeps its etag while it is not changed', async (probe) => {
    const { etag } = await probe.put('received/f', 'content');
    await probe.put('received/g', 'content');
    await probe.get('received/f');
    await probe.delete('received/g');
    for (let turn = 0; turn < 20; turn++) expect((await probe.stat('received/f')).etag).toBe(etag);
    const [entry] = await probe.list('received');
    expect(entry?.etag).toBe(etag);
  });

  check('every replacement has another etag, however alike and however fast', async (probe) => {
    const seen = new Set<string>();
    for (let turn = 0; turn < 300; turn++) {
      const { etag } = await probe.put('received/f', 'same', { mtime: 1_700_000_000_000 });
      seen.add(etag);
      if (turn % 5 === 0) await probe.delete('received/f');
    }
    expect(seen.size).toBe(300);
    expect(seen.has('always') || seen.has('never')).toBe(false);
  });

  check('every change among its children gives a folder another etag', async (probe) => {
    await probe.makeDirectory('received/d');
    const seen: string[] = [];
    const look = async (): Promise<void> => {
      seen.push((await probe.stat('received/d')).etag);
    };
    for (let turn = 0; turn < 20; turn++) {
      await look();
      await probe.put('received/d/f', 'same', { mtime: 0 });
      await look();
      await probe.put('received/d/f', 'same', { mtime: 0 });
      await look();
      await probe.rename('received/d/f', 'received/d/g');
      await look();
      await probe.makeDirectory('received/d/h');
      await look();
      await probe.delete('received/d/g');
      await look();
      await probe.delete('received/d/h', true);
    }
    expect(new Set(seen).size).toBe(seen.length);
  });

  check('an etag removes the file that has it, and no other', async (probe) => {
    const conflict = { code: 'conflict' };
    const first = await probe.put('received/f', 'same', { mtime: 0 });
    const second = await probe.put('received/f', 'same', { mtime: 0 });
    for (const etag of [first.etag, 'no etag', '']) {
      for (const recursive of [false, true]) {
        await expect(probe.delete('received/f', recursive, etag)).rejects.toMatchObject(conflict);
      }
    }
    expect(await probe.getText('received/f')).toBe('same');
    await probe.delete('received/f', false, second.etag);
    await expect(probe.delete('received/f', false, second.etag)).rejects.toMatchObject({
      code: 'not-found',
    });
    await probe.put('received/f', 'same', { mtime: 0 });
    await expect(probe.delete('received/f', true, second.etag)).rejects.toMatchObject(conflict);
    expect(await probe.getText('received/f')).toBe('same');
  });

  check('an etag removes no folder that has changed, nor what took its place', async (probe) => {
    const conflict = { code: 'conflict' };
    await probe.put('received/d/f', 'content');
    const { etag } = await probe.stat('received/d');
    await probe.put('received/d/g', 'content');
    await expect(probe.delete('received/d', true, etag)).rejects.toMatchObject(conflict);
    expect(await probe.names('received/d')).toEqual(['f', 'g']);
    await probe.delete('received/d', true);
    await probe.makeDirectory('received/d');
    await expect(probe.delete('received/d', false, etag)).rejects.toMatchObject(conflict);
    await probe.delete('received/d');
    const file = await probe.put('received/d', 'a file');
    await expect(probe.delete('received/d', true, etag)).rejects.toMatchObject(conflict);
    await probe.delete('received/d', true, file.etag);
    expect(await probe.names('received')).toEqual([]);
  });

  check('of a file that is removed and replaced, no etag removes two', async (probe) => {
    for (let turn = 0; turn < 20; turn++) {
      const { etag } = await probe.put('received/f', 'old', { mtime: 0 });
      const outcomes = await Promise.allSettled([
        probe.delete('received/f', false, etag),
        probe.put('received/f', 'new', { mtime: 0 }),
        probe.delete('received/f', false, etag),
      ]);
      expect(outcomes[1].status).toBe('fulfilled');
      expect(await probe.getText('received/f')).toBe('new');
    }
  });

  check('renaming replaces a file only as it is told to', async (probe) => {
    await probe.put('received/a', 'a');
    const { etag } = await probe.put('received/b', 'b');
    const rename = (overwrite: 'never' | { etag: string }): Promise<void> =>
      probe.rename('received/a', 'received/b', overwrite);
    await expect(rename('never')).rejects.toMatchObject({ code: 'conflict' });
    await expect(rename({ etag: 'other' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(probe.rename('received/a', 'received/c', { etag })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await probe.getText('received/b')).toBe('b');
    await rename({ etag });
    expect(await probe.getText('received/b')).toBe('a');
    await probe.put('received/a', 'again');
    await probe.rename('received/a', 'received/b', 'always');
    expect(await probe.getText('received/b')).toBe('again');
    expect(await probe.names('received')).toEqual(['b']);
  });
}
