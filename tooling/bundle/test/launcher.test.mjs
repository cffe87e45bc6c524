import {
  chmod,
  chown,
  readdir,
  readFile,
  rename,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Workspace } from './workspace.mjs';

const asRoot = process.geteuid?.() === 0 ? test : test.skip;

let workspace;

beforeEach(async () => {
  workspace = await Workspace.make({
    'apps/program/src/main.ts': `
      const say = (): string => 'as first compiled';
      console.log(say());
      if (process.argv[2] === 'fail') process.exitCode = 3;`,
  });
  await workspace.bundle();
});

afterEach(() => workspace.remove());

const cached = () => readdir(workspace.cache).catch(() => []);

async function cachedFile() {
  const [name, ...others] = (await cached()).filter((entry) => entry !== 'other-program');
  expect(others).toEqual([]);
  return join(workspace.cache, name);
}

/**
 * Changes the program behind the back of the launcher: V8 tells programs apart by their length, so
 * what this one says then is what the compiled code says.
 */
async function changeProgram() {
  const path = workspace.path('program.cjs');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('as first compiled', 'compiled once more'.slice(0, 17)));
}

const FROM_CACHE = 'as first compiled\n';
const COMPILED = 'compiled once mor\n';

test('a program is compiled once for each command', async () => {
  await workspace.run(['one']);
  await workspace.run(['one', 'more']);
  expect(await cached()).toHaveLength(1);
  await workspace.run(['two']);
  expect(await cached()).toHaveLength(2);
  await changeProgram();
  expect(await workspace.run(['one'])).toBe(FROM_CACHE);
  expect(await workspace.run(['three'])).toBe(COMPILED);
});

test('words that are no command share one', async () => {
  for (const word of ['--help', '../../x', 'a'.repeat(33), 'ls plain:', '']) {
    await workspace.run([word]);
  }
  await workspace.run();
  expect(await cached()).toHaveLength(1);
  expect((await cachedFile()).startsWith(workspace.cache)).toBe(true);
});

test('another version of the program has its own', async () => {
  await workspace.run();
  await workspace.write({ 'apps/program/src/main.ts': `console.log('the second version');` });
  await workspace.bundle();
  expect(await workspace.run()).toBe('the second version\n');
  expect(await cached()).toHaveLength(2);
});

test('a run that fails leaves none: it may have needed little of the program', async () => {
  await expect(workspace.run(['fail'])).rejects.toMatchObject({ code: 3 });
  expect(await cached()).toEqual([]);
});

test('V8 with other flags has its own', async () => {
  await workspace.run();
  await workspace.run([], { flags: ['--no-lazy'] });
  expect(await cached()).toHaveLength(2);
});

test('it can be turned off', async () => {
  await workspace.run([], { env: { NODE_DISABLE_COMPILE_CACHE: '1' } });
  expect(await cached()).toEqual([]);
});

test('it is among the user’s caches when nothing else is said', async () => {
  const env = { NODE_COMPILE_CACHE: '', XDG_CACHE_HOME: join(workspace.cache, '..') };
  await workspace.run([], { env });
  expect(await cached()).toHaveLength(process.platform === 'linux' ? 1 : 0);
});

test('a place that cannot be written is no failure', async () => {
  expect(await workspace.run([], { env: { NODE_COMPILE_CACHE: '/dev/null' } })).toBe(FROM_CACHE);
});

test('those of older versions go when a new one comes, and nothing else does', async () => {
  await workspace.run(['one']);
  const aDayAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
  const ofAnother = join(workspace.cache, 'other-program');
  await writeFile(ofAnother, '');
  for (const path of [await cachedFile(), ofAnother]) await utimes(path, aDayAgo, aDayAgo);
  await workspace.run(['two']);
  expect(await cached()).toHaveLength(3);
  await workspace.write({ 'apps/program/src/main.ts': `console.log('the second version');` });
  await workspace.bundle();
  await workspace.run(['one']);
  const left = (await cached()).map((name) => name.replaceAll(/-[0-9a-f]{8,}/gu, ''));
  expect(left.sort()).toEqual(['other-program', 'program-one', 'program-two']);
});

describe('code that is not as this user left it is not run, but made anew:', () => {
  beforeEach(async () => {
    await workspace.run();
    await changeProgram();
    expect(await workspace.run()).toBe(FROM_CACHE);
  });

  const isMadeAnew = async () => {
    expect(await workspace.run()).toBe(COMPILED);
    expect(await workspace.run()).toBe(COMPILED);
    await cachedFile();
  };

  test('one byte differs', async () => {
    const path = await cachedFile();
    const bytes = await readFile(path);
    bytes[bytes.length >> 1] ^= 1;
    await writeFile(path, bytes);
    await isMadeAnew();
  });

  test.each([0, 20, 32, 1000])('only %i bytes are left', async (length) => {
    await truncate(await cachedFile(), length);
    await isMadeAnew();
  });

  test('others can write the file', async () => {
    await chmod(await cachedFile(), 0o666);
    await isMadeAnew();
  });

  test('it is a link', async () => {
    const path = await cachedFile();
    const elsewhere = join(workspace.cache, '..', 'elsewhere');
    await rename(path, elsewhere);
    await symlink(elsewhere, path);
    await isMadeAnew();
  });

  asRoot('another user owns the file', async () => {
    await chown(await cachedFile(), 65534, 65534);
    await isMadeAnew();
  });
});

describe('a folder that is not this user’s is neither read nor written:', () => {
  beforeEach(async () => {
    await workspace.run();
    await changeProgram();
  });

  const isLeftAlone = async () => {
    const before = await readFile(await cachedFile());
    expect(await workspace.run()).toBe(COMPILED);
    expect(await workspace.run(['two'])).toBe(COMPILED);
    expect(await readFile(await cachedFile())).toEqual(before);
  };

  test('others can write it', async () => {
    await chmod(workspace.cache, 0o777);
    await isLeftAlone();
  });

  asRoot('another user owns it', async () => {
    await chown(workspace.cache, 65534, 65534);
    await isLeftAlone();
  });
});
