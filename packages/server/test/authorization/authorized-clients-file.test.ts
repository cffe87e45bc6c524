import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import {
  encodePublicKeyPem,
  encodeSshPublicKey,
  fingerprint,
  formatPublicKey,
  Identity,
} from '@e2eeftp/crypto';

import { AuthorizedClientsFile, silentLogger, type Logger } from '../../src/index.js';
import { makeTemporaryDirectory, removeDirectory } from '../store/temporary-directory.js';
import { startChild } from '../support/child.js';

const alice = Identity.generate().publicKey;
const bob = Identity.generate().publicKey;
const aliceKey = formatPublicKey(alice);
const bobKey = formatPublicKey(bob);

let directory: string;
let path: string;
let warnings: unknown[];
let file: AuthorizedClientsFile;

beforeEach(async () => {
  directory = await makeTemporaryDirectory();
  path = join(directory, 'authorized_clients.pub');
  warnings = [];
  const nothing = (): void => undefined;
  const warn = (fields: object, message: string): void => {
    warnings.push({ ...fields, message });
  };
  const logger: Logger = { debug: nothing, info: nothing, error: nothing, warn };
  file = new AuthorizedClientsFile(path, logger);
});
afterEach(async () => {
  await removeDirectory(directory);
});

describe('authorize', () => {
  test('reads the file anew each time', async () => {
    expect(await file.authorize(alice)).toBeUndefined();
    await writeFile(path, aliceKey);
    expect(await file.authorize(alice)).toMatchObject({ access: 'rw' });
    expect(await file.authorize(bob)).toBeUndefined();
    await writeFile(path, `${aliceKey} access=ro\n${bobKey} name=bob`);
    expect(await file.authorize(alice)).toMatchObject({ access: 'ro' });
    expect(await file.authorize(bob)).toMatchObject({ name: 'bob' });
    await writeFile(path, '');
    expect(await file.authorize(alice)).toBeUndefined();
  });

  test('warns once of what is wrong, and again when it changes', async () => {
    await writeFile(path, `${aliceKey}\nnonsense`);
    for (let index = 0; index < 3; index++) await file.authorize(alice);
    expect(warnings).toEqual([
      { file: path, line: 2, reason: expect.any(String), message: 'a line grants nothing' },
    ]);
    await writeFile(path, '# nobody');
    for (let index = 0; index < 3; index++) await file.authorize(alice);
    expect(warnings.slice(1)).toEqual([
      { file: path, message: expect.stringContaining('nobody is authorized') },
    ]);
  });

  test('lets nobody in when the file cannot be read', async () => {
    await mkdir(path);
    await expect(file.authorize(alice)).rejects.toThrow();
  });
});

describe('add', () => {
  test('makes the file, and keeps all that is in it', async () => {
    expect(await file.add(`  ${aliceKey} name=alice \n`)).toMatchObject({
      isNew: true,
      client: { name: 'alice' },
    });
    expect(await readFile(path, 'utf8')).toBe(`${aliceKey} name=alice\n`);
    const text = `# people\r\n\r\nnonsense\n${aliceKey} access=ro\n  # no newline`;
    await writeFile(path, text);
    expect(await file.add(bobKey)).toMatchObject({ isNew: true });
    expect(await readFile(path, 'utf8')).toBe(`${text}\n${bobKey}\n`);
  });

  test('leaves one alone that is there already', async () => {
    await writeFile(path, `${aliceKey} access=ro`);
    expect(await file.add(`${encodeSshPublicKey(alice)} access=admin`)).toMatchObject({
      isNew: false,
      client: { access: 'ro' },
    });
    expect(await readFile(path, 'utf8')).toBe(`${aliceKey} access=ro`);
  });

  test.each([
    '',
    'nonsense',
    `${aliceKey} x=y`,
    `${aliceKey}\n${bobKey}`,
    `${aliceKey}\r${bobKey}`,
  ])('refuses %j', async (line) => {
    await expect(file.add(line)).rejects.toMatchObject({ code: 'bad-option' });
    expect(await readdir(directory)).toEqual([]);
  });

  test('keeps the mode of the file', async () => {
    await writeFile(path, '');
    await chmod(path, 0o640);
    await file.add(aliceKey);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
  });

  test('makes a missing directory', async () => {
    const below = join(directory, 'a/b/authorized_clients.pub');
    await new AuthorizedClientsFile(below, silentLogger).add(aliceKey);
    expect(await readFile(below, 'utf8')).toBe(`${aliceKey}\n`);
  });
});

describe('remove', () => {
  const text = `# people\n${aliceKey} name=alice\n\nnonsense\n${bobKey} name=bob\n`;
  const withoutAlice = `# people\n\nnonsense\n${bobKey} name=bob\n`;

  test.each([
    ['name', 'alice'],
    ['key', aliceKey],
    ['OpenSSH line', `${encodeSshPublicKey(alice)} some comment`],
    ['PEM', encodePublicKeyPem(alice)],
    ['fingerprint', fingerprint(alice)],
    ['fingerprint as typed', fingerprint(alice).toLowerCase().replaceAll('-', ' ')],
  ])('takes a client by its %s', async (_what, which) => {
    await writeFile(path, text);
    expect(await file.remove(which)).toMatchObject([{ name: 'alice' }]);
    expect(await readFile(path, 'utf8')).toBe(withoutAlice);
    expect(await file.authorize(alice)).toBeUndefined();
    expect(await file.authorize(bob)).toBeDefined();
  });

  test('takes every line of the key, in whichever form and by whichever name', async () => {
    const more = `${text}${encodeSshPublicKey(alice)} laptop\n${aliceKey}`;
    await writeFile(path, more);
    expect(await file.remove('laptop')).toHaveLength(3);
    expect(await file.authorize(alice)).toBeUndefined();
    expect(await readFile(path, 'utf8')).toBe(withoutAlice.slice(0, -1));
  });

  test('changes nothing when nobody is meant, or several', async () => {
    const twins = `${text}${aliceKey} name=bob\n`;
    await writeFile(path, twins);
    for (const which of [
      '',
      'Alice',
      'nonsense',
      '#',
      fingerprint(Identity.generate().publicKey),
    ]) {
      expect(await file.remove(which)).toEqual([]);
    }
    await expect(file.remove('bob')).rejects.toMatchObject({ code: 'bad-option' });
    expect(await readFile(path, 'utf8')).toBe(twins);
  });
});

describe('edits at the same time', () => {
  const keys = (count: number): string[] =>
    Array.from({ length: count }, () => formatPublicKey(Identity.generate().publicKey));

  test('within a process do not undo each other', async () => {
    const all = keys(20);
    const other = new AuthorizedClientsFile(path, silentLogger);
    await Promise.all(all.map((key, index) => (index % 2 === 0 ? file : other).add(key)));
    expect((await file.read()).clients).toHaveLength(20);
    await Promise.all(all.slice(0, 10).map((key) => file.remove(key)));
    expect((await file.read()).clients).toHaveLength(10);
    expect(await readdir(directory)).toEqual(['authorized_clients.pub']);
  });

  test('of several processes do not undo each other', async () => {
    const sets = [keys(20), keys(20), keys(20)];
    const children = await Promise.all(
      sets.map((set) => startChild('edit-clients.mjs', [path, ...set])),
    );
    try {
      for (const child of children) expect(await child.nextLine()).toBe('done');
    } finally {
      await Promise.all(children.map((child) => child.kill()));
    }
    const { clients } = await file.read();
    const expected = sets.flatMap((set) => set.filter((_key, index) => index % 2 === 0));
    expect(clients.map(({ identity }) => formatPublicKey(identity)).sort()).toEqual(
      expected.sort(),
    );
  });

  test('go on after a process was killed in the middle', async () => {
    const child = await startChild('edit-clients.mjs', [path, ...keys(200)]);
    while ((await file.read()).clients.length < 3);
    await child.kill();
    expect(await file.add(aliceKey)).toMatchObject({ isNew: true });
    expect((await file.read()).invalid).toEqual([]);
  });
});

describe('a watch', () => {
  test('tells of each change, and of nothing once it has ended', async () => {
    await writeFile(path, aliceKey);
    let changes = 0;
    let wake: (() => void) | undefined;
    const next = (): Promise<void> =>
      new Promise((resolve) => {
        wake = resolve;
      });
    const stop = file.watch(() => {
      changes++;
      wake?.();
    });
    try {
      // The state at the start must have been looked at.
      await stat(path);
      let told = next();
      await file.add(bobKey);
      await told;
      told = next();
      await file.remove(bobKey);
      await told;
      expect(changes).toBe(2);
    } finally {
      stop();
    }
  });
});
