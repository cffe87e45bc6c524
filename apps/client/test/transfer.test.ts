import { lstat, mkdir, rm, stat, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { jsonLines, makeBytes, makeWorld } from './support/world.js';

/** Names in every script, and names that a shell, a terminal or a parser could stumble over. */
const oddNames = [
  'with  spaces ',
  '--json',
  '--',
  '-',
  '-rf',
  'a=b',
  'quote\'s "and" `more` $(id)',
  '*?[x]',
  '%s%n',
  'colon:name',
  'e\u0301-decomposed',
  '\u00E9-composed',
  '\u{1F469}\u200D\u{1F680} and \u{1F3F4}\u{E0067}\u{E0062}\u{E007F}',
  '\u0440\u0443\u0441\u0441\u043A\u0438\u0439',
  '\u0627\u0644\u0639\u0631\u0628\u064A\u0629 \u05E2\u05D1\u05E8\u05D9\u05EA',
  '\u65E5\u672C\u8A9E',
  '\u0939\u093F\u0928\u094D\u0926\u0940',
  '\u202Eoverridden',
  'x'.repeat(255),
  '\u65E5'.repeat(85),
];

/** The names in a vault have to fit into those that the server sees, once they are encrypted. */
const shortNames = oddNames.filter((name) => Buffer.byteLength(name) <= 144);

/** Trees of the server, and names that files can have there. */
const trees = [
  { prefix: '', names: shortNames },
  { prefix: 'plain:', names: oddNames },
];

describe('a file', () => {
  test.each([0, 1, 262_144, 1_048_577, 20_000_001])('of %d bytes comes back', async (size) => {
    const world = await makeWorld();
    const bytes = makeBytes(size);
    await world.write('file.bin', bytes);
    const sent = await world.run(['send', 'file.bin']);
    expect(sent).toMatchObject({ exitCode: 0, stdout: '' });
    expect(sent.stderr).toMatch(/^Sent file\.bin to home:file\.bin: .* in .* \(.*\/s\)\n$/u);
    const got = await world.run(['get', 'file.bin', 'back.bin']);
    expect(got).toMatchObject({ exitCode: 0, stdout: '' });
    expect((await world.read('back.bin')).equals(bytes)).toBe(true);
    expect(await world.names()).toEqual(['back.bin', 'file.bin']);
  });

  test.each(trees)('of any name comes back from $prefix', async ({ prefix, names }) => {
    const world = await makeWorld();
    for (const [index, name] of names.entries()) await world.write(name, `content ${index}`);
    const sent = await world.run([
      'send',
      '--to',
      `${prefix}odd/`,
      '--',
      ...names.map((name) => `./${name}`),
    ]);
    expect(sent).toMatchObject({ exitCode: 0 });
    expect(sent.stderr).toContain(`Sent ${names.length} files`);
    const { stdout } = await world.run(['ls', `${prefix}odd`, '--json']);
    const listed = jsonLines(stdout).map(({ path }) => path);
    expect(new Set(listed)).toEqual(new Set(names));
    await mkdir(join(world.work, 'back'));
    expect((await world.run(['get', `${prefix}odd`, 'back/'])).exitCode).toBe(0);
    for (const [index, name] of names.entries()) {
      expect((await world.read(`back/odd/${name}`)).toString()).toBe(`content ${index}`);
    }
  });

  test('of an odd name is meant behind "--", one at a time', async () => {
    const world = await makeWorld();
    for (const name of ['--json', '--', '-x', '\u{1F600}']) {
      await world.write(name, name);
      expect((await world.run(['send', '--', name])).exitCode).toBe(0);
      await rm(join(world.work, name));
      expect((await world.run(['get', '--', name])).exitCode).toBe(0);
      expect((await world.read(name)).toString()).toBe(name);
    }
    expect((await world.run(['rm', '--', '--json', '--', '-x'])).exitCode).toBe(0);
    expect((await world.run(['ls'])).stdout).toBe(Buffer.from('\u{1F600}\n').toString('latin1'));
  });

  test('goes where cp would put it', async () => {
    const world = await makeWorld();
    await world.write('a', 'a');
    await world.write('b', 'b');
    await world.store('folder/b', 'b');
    for (const args of [
      ['a', 'renamed'],
      ['a', 'folder'],
      ['b', 'new/'],
      ['a', 'b', 'both'],
      ['--to', 'all', 'a', 'b'],
      ['a', 'home:x:y'],
      ['a', 'deep/er/name'],
      ['a', ''],
    ]) {
      expect(await world.run(['send', '-q', ...args])).toEqual({
        exitCode: 0,
        stdout: '',
        stderr: '',
      });
    }
    expect(await world.storedPaths()).toEqual(
      [
        'a',
        'all',
        'both/',
        'both/a',
        'both/b',
        'deep/',
        'deep/er/',
        'deep/er/name',
        'folder/',
        'folder/a',
        'folder/b',
        'new/',
        'new/b',
        'renamed',
        'x:y',
      ].flatMap((name) => (name === 'all' ? ['all/', 'all/a', 'all/b'] : [name])),
    );
    const twice = await world.run(['send', 'a', './a', 'both']);
    expect(twice.exitCode).toBe(2);
    expect(twice.stderr).toContain('home:both/a');
  });

  test('comes where cp would put it', async () => {
    const world = await makeWorld();
    await world.store('x/a', 'a');
    await mkdir(join(world.work, 'folder'));
    for (const args of [['x/a'], ['x/a', 'b'], ['x/a', 'folder'], ['x/a', 'new/er/'], ['x', 'y']]) {
      expect(await world.run(['get', '-q', ...args])).toEqual({
        exitCode: 0,
        stdout: '',
        stderr: '',
      });
    }
    for (const path of ['a', 'b', 'folder/a', 'new/er/a', 'y/a']) {
      expect((await world.read(path)).toString()).toBe('a');
    }
  });

  test('replaces an older one, or is skipped with --no-clobber', async () => {
    const world = await makeWorld();
    await world.store('f', 'old');
    await world.write('f', 'new');
    const kept = await world.run(['send', '-n', 'f']);
    expect(kept.exitCode).toBe(0);
    expect(kept.stderr).toContain('Skipped home:f: it exists');
    expect(await world.stored('f')).toBe('old');
    const keptHere = await world.run(['get', 'f', '--no-clobber']);
    expect(keptHere.exitCode).toBe(0);
    expect(keptHere.stderr).toContain('Skipped f: it exists');
    expect((await world.read('f')).toString()).toBe('new');
    const variable = await world.run(['send', 'f'], { env: { E2EEFTP_NO_CLOBBER: '1' } });
    expect(variable.stderr).toContain('Skipped');
    expect((await world.run(['send', 'f'])).exitCode).toBe(0);
    expect(await world.stored('f')).toBe('new');
  });

  test('keeps its time with --preserve', async () => {
    const world = await makeWorld();
    await world.write('f', 'f');
    await utimes(join(world.work, 'f'), 1_000_000_000, 1_000_000_000);
    await world.run(['send', 'f']);
    await world.run(['get', 'f', 'with', '-p']);
    await world.run(['get', 'f', 'without']);
    expect((await stat(join(world.work, 'with'))).mtimeMs).toBe(1_000_000_000_000);
    expect((await stat(join(world.work, 'without'))).mtimeMs).toBeGreaterThan(1_000_000_000_000);
    expect((await world.run(['ls', '-l'])).stdout).toBe('1  2001-09-09 01:46  f\n');
  });
});

describe('standard input and output', () => {
  test('carry bytes, and nothing else', async () => {
    const world = await makeWorld();
    const bytes = makeBytes(3_000_000);
    const sent = await world.run(['send', '-', 'from/stdin'], { input: bytes });
    expect(sent).toMatchObject({ exitCode: 0, stdout: '' });
    expect(sent.stderr).toContain('Sent standard input to home:from/stdin');
    const got = await world.run(['get', 'from/stdin', '-']);
    expect(got.exitCode).toBe(0);
    expect(Buffer.from(got.stdout, 'latin1').equals(bytes)).toBe(true);
    expect(got.stderr).toContain('Received home:from/stdin to standard output');
  });

  test('work in pipes, and with what is no file', async () => {
    const world = await makeWorld();
    const line =
      'printf x | e2eeftp send -q - a && e2eeftp get -q a - | e2eeftp send -q - b/c && ' +
      'e2eeftp send -q <(printf y) d && e2eeftp get -q b/c - && e2eeftp get -q d -';
    expect(await world.shell(line)).toEqual({ exitCode: 0, stdout: 'xy', stderr: '' });
  });

  test('keep JSON apart from the file', async () => {
    const world = await makeWorld();
    await world.store('f', 'content');
    const { exitCode, stdout, stderr } = await world.run(['get', 'f', '-', '--json']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'content' });
    expect(jsonLines(stderr).map(({ type }) => type)).toEqual(['file', 'summary']);
  });

  test('have no name, and can be used once', async () => {
    const world = await makeWorld();
    for (const args of [
      ['send', '-'],
      ['send', '-', 'folder/'],
      ['send', '-', '-', 'x'],
    ]) {
      const { exitCode, stderr } = await world.run(args, { input: 'x' });
      expect(exitCode).toBe(2);
      expect(stderr).toContain('Standard input');
    }
    await world.store('folder/f', 'f');
    const folder = await world.run(['get', 'folder', '-']);
    expect(folder.exitCode).toBe(2);
    expect(folder.stderr).toContain('A folder cannot go to standard output');
  });

  test('keep an older file if that is wanted', async () => {
    const world = await makeWorld();
    await world.store('f', 'old');
    const kept = await world.run(['send', '-n', '-', 'f'], { input: 'new' });
    expect(kept.exitCode).toBe(0);
    expect(kept.stderr).toContain('Skipped home:f: it exists');
    expect(await world.stored('f')).toBe('old');
  });
});

describe('a folder', () => {
  test.each(trees)('comes back from $prefix bit by bit', async ({ prefix, names }) => {
    const world = await makeWorld();
    const files: Record<string, Buffer> = {
      'tree/a': makeBytes(1),
      'tree/.hidden/.b': makeBytes(1000),
      'tree/empty': Buffer.alloc(0),
      'tree/deep/er/and deeper/c': makeBytes(2_000_000),
      ...Object.fromEntries(names.map((name) => [`tree/odd/${name}`, Buffer.from(name)])),
    };
    for (const [name, bytes] of Object.entries(files)) await world.write(name, bytes);
    await mkdir(join(world.work, 'tree/empty folder/in it'), { recursive: true });
    const sent = await world.run(['send', 'tree', `${prefix}tree`]);
    expect(sent.exitCode).toBe(0);
    expect(sent.stderr).toContain(`Sent ${Object.keys(files).length} files`);
    expect((await world.run(['get', '-r', `${prefix}tree`, 'back'])).exitCode).toBe(0);
    expect(
      await world.shell('diff -r tree back && cd back && find . -type d | wc -l'),
    ).toMatchObject({
      exitCode: 0,
      stdout: '8\n',
    });
    // Once more, into the folder that exists now.
    await world.run(['get', `${prefix}tree`, 'back']);
    expect((await world.shell('diff -r tree back')).exitCode).toBe(0);
    await world.run(['send', '-r', 'tree', `${prefix}tree`]);
    expect((await world.run(['stat', `${prefix}tree/tree`])).exitCode).toBe(5);
  });

  test('of the name "." has the name of the folder', async () => {
    const world = await makeWorld();
    await world.write('f', 'f');
    expect((await world.run(['send', '.'])).exitCode).toBe(0);
    expect((await world.run(['ls', '-R'])).stdout).toBe('work/\nwork/f\n');
    expect((await world.run(['send', '/'])).exitCode).toBe(2);
  });

  test('loses its links, and says so', async () => {
    const world = await makeWorld();
    await world.write('tree/f', 'f');
    await symlink('f', join(world.work, 'tree/link'));
    const { exitCode, stderr } = await world.run(['send', 'tree']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Skipped tree/link: it is a symbolic link');
    expect(stderr).toContain('1 skipped');
  });

  test('is not written through links', async () => {
    const world = await makeWorld();
    await world.write('tree/link/f', 'f');
    await world.write('tree/g', 'g');
    await world.storeTree('tree');
    await mkdir(join(world.work, 'outside'));
    await mkdir(join(world.work, 'to/tree'), { recursive: true });
    await symlink('../../outside', join(world.work, 'to/tree/link'));
    const { exitCode, stderr } = await world.run(['get', 'tree', 'to/']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('symbolic link, which is not followed');
    expect((await world.shell('ls outside')).stdout).toBe('');
    expect((await world.read('to/tree/g')).toString()).toBe('g');
  });

  test('is moved, looked at and removed', async () => {
    const world = await makeWorld();
    await world.store('tree/f', 'f');
    expect((await world.run(['mv', 'tree', 'other'])).stderr).toBe(
      'Renamed home:tree to home:other\n',
    );
    await world.run(['mkdir', 'box']);
    await world.run(['mv', 'other/f', 'box']);
    await world.run(['mv', 'other', 'box/']);
    expect((await world.run(['ls', '-R', 'box'])).stdout).toBe('f\nother/\n');
    expect((await world.run(['ls', 'box/f'])).stdout).toBe('f\n');
    expect((await world.run(['stat', 'box'])).stdout).toContain('type   directory');
    expect((await world.run(['rm', 'box'])).exitCode).toBe(6);
    expect((await world.run(['rm', 'box/other'])).exitCode).toBe(0);
    expect((await world.run(['rm', '-r', 'box', 'gone'])).exitCode).toBe(5);
    expect(await world.storedPaths()).toEqual([]);
  });

  test('and files are kept by mv with --no-clobber', async () => {
    const world = await makeWorld();
    await world.store('a', 'a');
    await world.store('b', 'b');
    const kept = await world.run(['mv', '-n', 'a', 'b']);
    expect(kept.exitCode).toBe(0);
    expect(kept.stderr).toContain('Skipped home:a: home:b exists');
    expect((await world.run(['mv', '-n', 'a', 'b/c'])).exitCode).toBe(6);
    expect((await world.run(['mv', 'a', 'b'])).exitCode).toBe(0);
    expect(await world.stored('b')).toBe('a');
  });
});

test('a local name that is a link to a file is the file', async () => {
  const world = await makeWorld();
  await world.write('f', 'content');
  await symlink('f', join(world.work, 'link'));
  expect((await world.run(['send', 'link'])).exitCode).toBe(0);
  expect(await world.stored('link')).toBe('content');
  // A link in the place of a file that is received is replaced, and what it leads to stays.
  await world.store('other', 'other');
  await world.run(['get', 'other', 'link']);
  expect((await world.read('f')).toString()).toBe('content');
  expect((await lstat(join(world.work, 'link'))).isSymbolicLink()).toBe(false);
});
