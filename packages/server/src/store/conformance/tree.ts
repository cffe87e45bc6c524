import { at, type SuiteContext } from './context.js';

/** Names that are harmless under the path rules, and a trap for a careless store. */
const trickyNames = [
  ' ',
  ' leading and trailing ',
  '-rf',
  '.hidden',
  '.e2eeftp',
  '..still-hidden',
  '...',
  '~',
  '$HOME',
  '%2e%2e',
  '*?[a]{b}',
  'a:b',
  'a"b\'c',
  'CON',
  '__proto__',
  'constructor',
  'naïve café',
  '日本語',
  '\u{1F4C1}',
  '\uE000',
  '\uFFFD',
  'right-to-left \u202E',
  'x'.repeat(255),
  'é'.repeat(127),
];

/**
 * The tree has two branches, folders are made, moved and removed in it, and nothing else exists.
 *
 * @param context - the suite's
 */
export function treeTests({ framework, check }: SuiteContext): void {
  const { expect } = framework;

  check('a new tree has its two branches, and they are empty', async (probe) => {
    expect(await probe.names('')).toEqual(['received', 'vaults']);
    expect((await probe.stat('')).type).toBe('directory');
    for (const branch of ['received', 'vaults']) {
      expect((await probe.stat(branch)).type).toBe('directory');
      expect((await probe.stat(branch)).size).toBe(0);
      expect(await probe.names(branch)).toEqual([]);
    }
  });

  check('nothing exists beside the branches', async (probe) => {
    for (const path of [
      'elsewhere',
      'elsewhere/f',
      'Received',
      'receive',
      'received2',
      'vault/s',
    ]) {
      const missing = { code: 'not-found' };
      await expect(probe.stat(path)).rejects.toMatchObject(missing);
      await expect(probe.list(path)).rejects.toMatchObject(missing);
      await expect(probe.store.open(at(path))).rejects.toMatchObject(missing);
      await expect(probe.delete(path, true)).rejects.toMatchObject(missing);
      await expect(probe.store.setMode(at(path), 0o600)).rejects.toMatchObject(missing);
      await expect(probe.rename(path, 'received/f')).rejects.toMatchObject(missing);
      await expect(probe.makeDirectory(path)).rejects.toMatchObject({ code: 'not-allowed' });
    }
  });

  check('the root and the branches cannot be changed themselves', async (probe) => {
    await probe.put('received/f', '');
    const refused = { code: 'not-allowed' };
    for (const path of ['', 'received', 'vaults']) {
      await probe.makeDirectory(path);
      for (const recursive of [false, true]) {
        await expect(probe.delete(path, recursive)).rejects.toMatchObject(refused);
      }
      await expect(probe.rename(path, 'received/g')).rejects.toMatchObject(refused);
      await expect(probe.store.setMode(at(path), 0o700)).rejects.toMatchObject(refused);
      await expect(probe.rename('received/f', path, 'always')).rejects.toMatchObject(refused);
      await expect(probe.store.open(at(path))).rejects.toMatchObject({ code: 'not-found' });
    }
    await expect(probe.rename('received/f', 'other/f')).rejects.toMatchObject(refused);
    expect(await probe.names('', { recursive: true })).toEqual([
      'received',
      'received/f',
      'vaults',
    ]);
  });

  check('folders are made with those above them, and may exist', async (probe) => {
    for (let turn = 0; turn < 2; turn++) {
      await probe.makeDirectory('vaults/a/b/c');
      await probe.makeDirectory('vaults/a');
      expect(await probe.names('vaults', { recursive: true })).toEqual(['a', 'a/b', 'a/b/c']);
    }
  });

  check('a file in the way of a folder is a conflict', async (probe) => {
    await probe.put('received/f', 'file');
    for (const path of ['received/f', 'received/f/g', 'received/f/g/h']) {
      await expect(probe.makeDirectory(path)).rejects.toMatchObject({ code: 'conflict' });
    }
    expect(await probe.getText('received/f')).toBe('file');
  });

  check('what is missing is not found', async (probe) => {
    await probe.put('received/f', '');
    for (const path of ['received/g', 'received/g/h', 'received/f/g', 'received/f/g/h']) {
      const missing = { code: 'not-found' };
      await expect(probe.stat(path)).rejects.toMatchObject(missing);
      await expect(probe.list(path)).rejects.toMatchObject(missing);
      await expect(probe.store.open(at(path))).rejects.toMatchObject(missing);
      await expect(probe.delete(path)).rejects.toMatchObject(missing);
      await expect(probe.delete(path, true)).rejects.toMatchObject(missing);
      await expect(probe.rename(path, 'received/new/h')).rejects.toMatchObject(missing);
      await expect(probe.store.setMode(at(path), 0o600)).rejects.toMatchObject(missing);
    }
    expect(await probe.names('received', { recursive: true })).toEqual(['f']);
  });

  check('a folder is no file, and a file no folder', async (probe) => {
    await probe.put('received/d/f', '');
    const missing = { code: 'not-found' };
    await expect(probe.store.open(at('received/d'))).rejects.toMatchObject(missing);
    await expect(probe.store.setMode(at('received/d'), 0o700)).rejects.toMatchObject(missing);
    await expect(probe.list('received/d/f')).rejects.toMatchObject(missing);
  });

  check(
    'deleting takes a file, an empty folder, or on request all that is in one',
    async (probe) => {
      await probe.put('received/a/b/f', '');
      await probe.put('received/g', '');
      await probe.makeDirectory('received/empty');
      for (const path of ['received/a', 'received/a/b']) {
        await expect(probe.delete(path)).rejects.toMatchObject({ code: 'conflict' });
      }
      await probe.delete('received/g', true);
      await probe.delete('received/empty');
      expect(await probe.names('received', { recursive: true })).toEqual(['a', 'a/b', 'a/b/f']);
      await probe.delete('received/a', true);
      expect(await probe.names('received')).toEqual([]);
      await probe.put('received/a/b/f', 'again');
      expect(await probe.names('received', { recursive: true })).toEqual(['a', 'a/b', 'a/b/f']);
    },
  );

  check(
    'files and whole folders are renamed, also into folders that are missing',
    async (probe) => {
      await probe.put('received/a/b/f', 'content');
      await probe.rename('received/a/b/f', 'received/c/d/g');
      expect(await probe.getText('received/c/d/g')).toBe('content');
      await probe.rename('received/c', 'received/x/y/z');
      expect(await probe.names('received', { recursive: true })).toEqual([
        'a',
        'a/b',
        'x',
        'x/y',
        'x/y/z',
        'x/y/z/d',
        'x/y/z/d/g',
      ]);
      expect(await probe.getText('received/x/y/z/d/g')).toBe('content');
    },
  );

  check('renaming never replaces a folder, nor a file by one', async (probe) => {
    await probe.makeDirectory('received/empty');
    await probe.put('received/full/f', 'f');
    await probe.put('received/g', 'g');
    for (const [from, to] of [
      ['received/full', 'received/empty'],
      ['received/empty', 'received/full'],
      ['received/full', 'received/g'],
      ['received/g', 'received/empty'],
      ['received/g', 'received/full'],
      ['received/full/f', 'received/full'],
      ['received/g', 'received/full/f/h'],
      ['received/empty', 'received/empty'],
    ] as const) {
      for (const overwrite of ['never', 'always'] as const) {
        await expect(probe.rename(from, to, overwrite)).rejects.toMatchObject({ code: 'conflict' });
      }
    }
    expect(await probe.names('received', { recursive: true })).toEqual([
      'empty',
      'full',
      'full/f',
      'g',
    ]);
  });

  check('a file that is renamed to its own name stays', async (probe) => {
    await probe.put('received/f', 'content');
    await expect(probe.rename('received/f', 'received/f')).rejects.toMatchObject({
      code: 'conflict',
    });
    await probe.rename('received/f', 'received/f', 'always');
    expect(await probe.getText('received/f')).toBe('content');
  });

  check('nothing moves into itself or into the other branch', async (probe) => {
    await probe.put('received/a/f', '');
    for (const to of ['received/a/b', 'received/a/b/c', 'vaults/a', 'vaults/b/a']) {
      await expect(probe.rename('received/a', to)).rejects.toMatchObject({ code: 'not-allowed' });
    }
    expect(await probe.names('', { recursive: true })).toEqual([
      'received',
      'received/a',
      'received/a/f',
      'vaults',
    ]);
  });

  check('names are kept as they are', async (probe) => {
    for (const name of trickyNames) {
      await probe.put(`received/${name}/${name}`, name);
      expect(await probe.names(`received/${name}`)).toEqual([name]);
      expect(await probe.getText(`received/${name}/${name}`)).toBe(name);
    }
    expect(new Set(await probe.names('received'))).toEqual(new Set(trickyNames));
    for (const name of trickyNames) await probe.delete(`received/${name}`, true);
    expect(await probe.names('received')).toEqual([]);
  });

  check('the longest and deepest path of the rules can be used', async (probe) => {
    const deepest = ['received', ...Array.from({ length: 31 }, (_, depth) => `d${depth}`)].join(
      '/',
    );
    await probe.put(deepest, 'deep');
    expect(await probe.getText(deepest)).toBe('deep');
    const all = await probe.names('', { recursive: true });
    expect(all.includes(deepest)).toBe(true);
    await probe.delete('received/d0', true);
  });

  check('a closed store refuses whatever comes', async (probe) => {
    await probe.put('received/f', '');
    const upload = await probe.store.createUpload({ path: at('received/g') });
    await probe.store.close();
    const closed = { code: 'io' };
    await expect(probe.stat('received/f')).rejects.toMatchObject(closed);
    await expect(probe.list('received')).rejects.toMatchObject(closed);
    await expect(probe.store.open(at('received/f'))).rejects.toMatchObject(closed);
    await expect(probe.put('received/g', '')).rejects.toMatchObject(closed);
    await expect(probe.delete('received/f')).rejects.toMatchObject(closed);
    await expect(probe.rename('received/f', 'received/g')).rejects.toMatchObject(closed);
    await expect(probe.makeDirectory('received/d')).rejects.toMatchObject(closed);
    await expect(probe.store.setMode(at('received/f'), 0o600)).rejects.toMatchObject(closed);
    await expect(upload.commit({ overwrite: 'always' })).rejects.toMatchObject(closed);
  });
}
