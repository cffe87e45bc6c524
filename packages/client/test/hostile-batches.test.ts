import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { builtinCommands, CommandError, defineCommand, type Command } from '@e2eeftp/server';
import { describe, expect, test } from '@jest/globals';

import { getTree, sendTree, type Client } from '../src/index.js';
import { makeFolder } from './home/support.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';
import { readTree, startPair, writeTree } from './tree/support.js';

expectNoUnhandledRejections();

interface Answer {
  readonly files: readonly { status: number; text?: string; file?: object }[];
  readonly body?: Buffer;
}

const names = Array.from({ length: 20 }, (_, index) => `f${index}`);
const tree = Object.fromEntries(names.map((name) => [name, `content of ${name}`]));
const stored = (size: number): object => ({ size, mtime: 0, etag: 'e' });

/** Takes whatever the client sends, as Standard Schema puts it. */
const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as const;

/** A server whose answers to one of the commands for several files are made up. */
function lying(command: 'MSEND' | 'MGET', answer: (count: number) => Answer): Command[] {
  const lie = defineCommand({
    name: command,
    summary: 'Answers what it likes',
    args: anything,
    effect: command === 'MSEND' ? 'send' : 'read',
    takesBody: true,
    handler: async (args, { body }) => {
      const received: unknown[] = [];
      for await (const parts of body ?? []) received.push(parts);
      const { files, paths } = args as { files?: unknown[]; paths?: unknown[] };
      const said = answer((files ?? paths ?? []).length);
      const chunks = async function* (): AsyncGenerator<Uint8Array, void, void> {
        if (said.body) yield said.body;
      };
      return {
        status: 200,
        result: { files: said.files.map((file) => ({ ...file })) } as never,
        ...(said.body && { body: { chunks: chunks(), close: async () => undefined } }),
      };
    },
  });
  return [...builtinCommands.filter(({ name }) => name !== command), lie];
}

async function sendTo(client: Client): Promise<{ folder: string; codes: Set<string> }> {
  const folder = await makeFolder();
  await writeTree(folder, tree);
  const { files, failures } = await sendTree(client, folder, 'received/t');
  expect(files + failures.length).toBe(names.length);
  return { folder, codes: new Set(failures.map(({ error }) => error.code)) };
}

describe('a server that lies about several files', () => {
  test.each<[string, (count: number) => Answer, string[]]>([
    ['says nothing of them', () => ({ files: [] }), ['not-e2eeftp']],
    [
      'stored something else',
      (count) => ({ files: names.slice(0, count).map(() => ({ status: 226, file: stored(1) })) }),
      ['integrity'],
    ],
    [
      'says that all is well, and not what it has',
      (count) => ({ files: names.slice(0, count).map(() => ({ status: 226 })) }),
      ['not-e2eeftp'],
    ],
    [
      'refuses them with escapes for a terminal',
      (count) => ({
        files: names.slice(0, count).map(() => ({ status: 418, text: '\u001B]0;x\u0007' })),
      }),
      ['bad-request'],
    ],
  ])('and %s, is believed nothing', async (_what, answer, codes) => {
    const { client } = await startPair({ commands: lying('MSEND', answer) });
    const sent = await sendTo(client).catch((error: unknown) => error);
    if (sent instanceof Error) expect([(sent as { code?: string }).code]).toEqual(codes);
    else expect([...(sent as { codes: Set<string> }).codes]).toEqual(codes);
  });

  test.each<[string, (count: number) => Answer]>([
    [
      'more bytes than it announced',
      (count) => ({
        files: names.slice(0, count).map(() => ({ status: 200, file: stored(1) })),
        body: Buffer.alloc(count + 1),
      }),
    ],
    [
      'fewer bytes than it announced',
      (count) => ({
        files: names.slice(0, count).map(() => ({ status: 200, file: stored(2) })),
        body: Buffer.alloc(count),
      }),
    ],
    [
      'more than a batch may have',
      (count) => ({
        files: names.slice(0, count).map(() => ({ status: 200, file: stored(1_000_000) })),
        body: Buffer.alloc(2_000_000),
      }),
    ],
    [
      'no body',
      (count) => ({ files: names.slice(0, count).map(() => ({ status: 200, file: stored(1) })) }),
    ],
    ['nothing', () => ({ files: [] })],
  ])('and sends %s, makes no file appear', async (_what, answer) => {
    const { client } = await startPair({ commands: lying('MGET', answer) });
    await sendTo(client);
    const target = join(await makeFolder(), 'back');
    const result = await getTree(client, 'received/t', target).catch((error: unknown) => error);
    if (!(result instanceof Error)) expect(result).toMatchObject({ failed: expect.any(Number) });
    // Those that were received alone are right.
    for (const name of await readdir(target)) {
      expect(await readFile(join(target, name), 'latin1')).toBe(tree[name]);
    }
    expect((await readdir(target)).length).toBeLessThan(names.length);
  });

  test('what is too large to come with others comes alone', async () => {
    const tooLarge = (count: number): Answer => ({
      files: names.slice(0, count).map(() => ({ status: 413, text: 'Too large' })),
      body: Buffer.alloc(0),
    });
    const { client } = await startPair({ commands: lying('MGET', tooLarge) });
    await sendTo(client);
    const target = join(await makeFolder(), 'back');
    expect(await getTree(client, 'received/t', target)).toMatchObject({ files: 20, failed: 0 });
    expect(await readTree(target)).toEqual(tree);
  });

  test('a server that has too much to do is asked again', async () => {
    let refusals = 0;
    const [msend] = builtinCommands.filter(({ name }) => name === 'MSEND');
    if (!msend) throw new Error('the command is missing');
    const busy: Command = {
      ...msend,
      run: async (args, context) => {
        refusals += 1;
        if (refusals > 2) return msend.run(args, context);
        throw new CommandError(429);
      },
    };
    const commands = [...builtinCommands.filter(({ name }) => name !== 'MSEND'), busy];
    const { client } = await startPair({ commands });
    expect((await sendTo(client)).codes).toEqual(new Set());
  });

  test('a server that does not know such commands gets and gives files one by one', async () => {
    const commands = builtinCommands.filter(({ name }) => name !== 'MSEND');
    const { client } = await startPair({ commands });
    expect((await sendTo(client)).codes).toEqual(new Set());
    const target = join(await makeFolder(), 'back');
    await getTree(client, 'received/t', target);
    expect(await readTree(target)).toEqual(tree);
  });
});
