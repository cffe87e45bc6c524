import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { builtinCommands, defineCommand, type Command } from '@e2eeftp/server';
import { describe, expect, test } from '@jest/globals';

import { getTree } from '../../src/index.js';
import { failureOf, makeFolder } from '../home/support.js';
import { readTree, startPair } from './support.js';

interface Listed {
  readonly path: string;
  readonly type: 'file' | 'directory';
}

/** Takes whatever the client sends, as Standard Schema puts it. */
const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as const;

const content = Buffer.from('from the server');

/** A server that lists what it likes, page after page, and gives a file under every name. */
function hostileCommands(pages: readonly (readonly Listed[])[]): Command[] {
  const facts = { size: content.length, mtime: 0, etag: 'e' };
  let next = 0;
  return [
    ...builtinCommands.filter(({ name }) => !['STAT', 'LIST', 'GET'].includes(name)),
    defineCommand({
      name: 'STAT',
      summary: 'Says that everything is a folder',
      args: anything,
      effect: 'read',
      handler: async () => ({
        status: 200,
        result: { path: 'received', type: 'directory', size: 0, mtime: 0, etag: 'e' },
      }),
    }),
    defineCommand({
      name: 'LIST',
      summary: 'Lists what it likes',
      args: anything,
      effect: 'read',
      handler: async () => {
        const page = pages[next] ?? [];
        next += 1;
        const cursor = next < pages.length ? page.at(-1)?.path : undefined;
        const entries = page.map((entry) => ({ ...facts, ...entry }));
        return {
          status: 200,
          result: { entries, etag: 'e', ...(cursor !== undefined && { cursor }) },
        };
      },
    }),
    defineCommand({
      name: 'GET',
      summary: 'Gives something',
      args: anything,
      effect: 'read',
      overlaps: Infinity,
      handler: async () => ({
        status: 200,
        result: { ...facts, offset: 0, length: content.length },
        body: {
          chunks: (async function* give() {
            yield content;
          })(),
          close: async () => undefined,
        },
      }),
    }),
  ];
}

/** A folder with a target in it, and a neighbour that nobody may touch. */
async function makePlace(): Promise<{ around: string; target: string }> {
  const around = await makeFolder();
  const target = join(around, 'target');
  await mkdir(target);
  await writeFile(join(around, 'neighbour'), 'untouched');
  return { around, target };
}

async function expectNothingOutside(around: string): Promise<void> {
  expect(await readdir(around)).toEqual(['neighbour', 'target']);
  expect(await readFile(join(around, 'neighbour'), 'utf8')).toBe('untouched');
}

describe('a hostile server', () => {
  test.each([
    '..',
    '../neighbour',
    'a/../../neighbour',
    '/etc/passwd',
    './x',
    'a//b',
    'a/',
    '\\..\\x',
    'a\u0000b',
    'a\nb',
    '\u001B]0;x\u0007',
    'x'.repeat(256),
    Array.from({ length: 33 }, () => 'a').join('/'),
  ])('cannot list %j', async (path) => {
    const { client } = await startPair({ commands: hostileCommands([[{ path, type: 'file' }]]) });
    const { around, target } = await makePlace();
    expect((await failureOf(getTree(client, 'received', target))).code).toBe('not-e2eeftp');
    await expectNothingOutside(around);
    expect(await readdir(target)).toEqual([]);
  });

  test.each(['file', 'directory'] as const)(
    'cannot list the folder itself as a %s',
    async (type) => {
      const { client } = await startPair({ commands: hostileCommands([[{ path: '', type }]]) });
      const { around, target } = await makePlace();
      expect((await failureOf(getTree(client, 'received', target))).code).toBe('not-e2eeftp');
      await expectNothingOutside(around);
    },
  );

  test.each([
    [
      [
        { path: 'b', type: 'file' },
        { path: 'a', type: 'file' },
      ],
    ],
    [
      [
        { path: 'a', type: 'file' },
        { path: 'a', type: 'file' },
      ],
    ],
  ] as const)('cannot list out of order, nor twice', async (page) => {
    const { client } = await startPair({ commands: hostileCommands([page]) });
    const { around, target } = await makePlace();
    expect((await failureOf(getTree(client, 'received', target))).code).toBe('not-e2eeftp');
    await expectNothingOutside(around);
  });

  test('cannot list for ever by repeating itself', async () => {
    const page: Listed[] = [{ path: 'a', type: 'directory' }];
    const { client } = await startPair({
      commands: hostileCommands(Array.from({ length: 1000 }, () => page)),
    });
    const { target } = await makePlace();
    expect((await failureOf(getTree(client, 'received', target))).code).toBe('not-e2eeftp');
  });

  test('cannot write through links that are in the target', async () => {
    const paths: Listed[] = [
      { path: 'file', type: 'file' },
      { path: 'good/x', type: 'file' },
      { path: 'link', type: 'directory' },
      { path: 'link/deep/x', type: 'file' },
      { path: 'link/x', type: 'file' },
    ];
    const { client } = await startPair({ commands: hostileCommands([paths]) });
    const { around, target } = await makePlace();
    await symlink('..', join(target, 'link'));
    await symlink('../neighbour', join(target, 'file'));
    const result = await getTree(client, 'received', target);
    expect(result).toMatchObject({ files: 2, failed: 3 });
    expect(result.failures.map(({ error }) => error.code)).toEqual([
      'local-file',
      'local-file',
      'local-file',
    ]);
    await expectNothingOutside(around);
    expect(await readTree(target)).toEqual({
      // The link to a file was replaced by a file, not followed.
      file: 'from the server',
      good: undefined,
      'good/x': 'from the server',
      link: '(link)',
    });
  });

  test('can use a name as a file and as a folder, and gets one of them', async () => {
    const paths: Listed[] = [
      { path: 'a', type: 'file' },
      { path: 'a/b', type: 'file' },
    ];
    const { client } = await startPair({ commands: hostileCommands([paths]) });
    const { around, target } = await makePlace();
    const result = await getTree(client, 'received', target);
    expect(result.files + result.failed).toBe(2);
    expect(result.files).toBe(1);
    await expectNothingOutside(around);
  });

  test('fills no memory with its failures', async () => {
    const page = Array.from({ length: 1500 }, (_, index): Listed => ({
      path: `blocked/${String(index).padStart(5, '0')}`,
      type: 'file',
    }));
    const { client } = await startPair({ commands: hostileCommands([page]) });
    const { target } = await makePlace();
    await writeFile(join(target, 'blocked'), '');
    const result = await getTree(client, 'received', target);
    expect(result.failed).toBe(1500);
    expect(result.failures).toHaveLength(1000);
  });
});
