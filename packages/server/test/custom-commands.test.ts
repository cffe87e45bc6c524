import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import type { CborValue } from '@e2eeftp/protocol';

import {
  builtinCommands,
  CommandError,
  defineCommand,
  Server,
  StoreError,
  type Answer,
  type Command,
  type CommandContext,
} from '../src/index.js';
import { Fixture } from './support/fixture.js';
import type { Peer } from './support/peer.js';

let fixture: Fixture | undefined;
afterEach(async () => {
  await fixture?.close();
});

async function connect(...commands: Command[]): Promise<Peer> {
  fixture = await Fixture.start({ commands: [...builtinCommands, ...commands] });
  return fixture.connect();
}

/** A command that gives whatever a handler without types may give. */
function answering(handler: (context: CommandContext) => unknown): Command {
  return defineCommand({
    name: 'ODD',
    summary: 'Does something odd',
    args: z.looseObject({}),
    effect: 'none',
    takesBody: true,
    handler: async (_args, context) => (await handler(context)) as Answer,
  });
}

const failed = { status: 500, text: 'Internal error', result: null };

/** The connection is as good as before. */
async function expectAlive(peer: Peer): Promise<void> {
  expect(await peer.send('received/after', 'x')).toMatchObject({ status: 226 });
  expect(await peer.get('received/after')).toBe('x');
}

test('a command is added in ten lines', async () => {
  const peer = await connect(
    defineCommand({
      name: 'SUM',
      summary: 'Adds numbers',
      args: z.strictObject({ numbers: z.array(z.int()) }),
      effect: 'none',
      handler: async ({ numbers }) => ({
        status: 200,
        result: numbers.reduce((sum, number) => sum + number, 0),
      }),
    }),
  );
  expect(await peer.call('SUM', { numbers: [1, 2, 39] })).toMatchObject({
    status: 200,
    result: 42,
  });
  expect(await peer.call('SUM', { numbers: ['1'] })).toMatchObject({ status: 400 });
  expect(await peer.call('SUM', { numbers: [], more: 1 })).toMatchObject({ status: 400 });
  expect(peer.welcome?.commands).toContain('SUM');
  const { result } = await peer.call('HLIST');
  expect(result).toContainEqual({ name: 'SUM', summary: 'Adds numbers' });
});

test('a command takes the place of an earlier one of its name', async () => {
  const silence = defineCommand({
    name: 'PING',
    summary: 'Keeps quiet',
    args: z.strictObject({}),
    effect: 'change',
    handler: async () => ({ status: 299, text: 'Later' }),
  });
  const peer = await connect(silence);
  expect(await peer.call('PING')).toEqual({ status: 299, text: 'Later', result: null });
  expect(peer.welcome?.commands.filter((name) => name === 'PING')).toHaveLength(1);
});

test('a handler has the client, the store, the limits and the body at hand', async () => {
  const peer = await connect(
    answering(async ({ body, client, limits, commands, store, logger }) => {
      let size = 0;
      for await (const parts of body ?? []) {
        for (const { length } of parts) size += length;
      }
      logger.info({ size }, 'counted');
      const { type } = await store.stat((await import('@e2eeftp/protocol')).rootPath);
      const { access } = client;
      return { status: 200, result: [size, access, limits.overlap, commands.length, type] };
    }),
  );
  await peer.request('ODD', {}, true);
  for (let index = 0; index < 5; index++) await peer.data(Buffer.alloc(700_000));
  await peer.end({ ok: true, size: 3_500_000 });
  const count = builtinCommands.length + 1;
  expect((await peer.answer()).result).toEqual([3_500_000, 'rw', 16, count, 'directory']);
  expect(fixture?.logged('counted')).toMatchObject([
    { fields: { size: 3_500_000, peer: 'memory', client: expect.any(String) } },
  ]);
});

test('what a handler throws is answered with its status, or with 500', async () => {
  const errors: unknown[] = [
    new CommandError(418, 'I am a teapot'),
    new CommandError(404),
    new StoreError('no-space', 'secret path /data'),
    new Error('secret'),
    new TypeError('secret'),
    'secret',
    undefined,
  ];
  const peer = await connect(
    answering(() => {
      throw errors.shift();
    }),
  );
  expect(await peer.call('ODD')).toEqual({ status: 418, text: 'I am a teapot', result: null });
  expect(await peer.call('ODD')).toEqual({ status: 404, text: 'Not found', result: null });
  expect(await peer.call('ODD')).toEqual({ status: 507, text: 'Out of space', result: null });
  while (errors.length > 0) expect(await peer.call('ODD')).toEqual(failed);
  await expectAlive(peer);
  const logged = fixture?.logged('a command failed') ?? [];
  expect(logged).toHaveLength(5);
  expect(logged[1]).toMatchObject({
    level: 'error',
    fields: { command: 'ODD', status: 500, err: expect.objectContaining({ message: 'secret' }) },
  });
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a text', 'OK'],
  ['an empty object', {}],
  ['a status that is no number', { status: 'OK' }],
  ['a status below 100', { status: 99 }],
  ['a status above 599', { status: 600 }],
  ['a fraction', { status: 200, result: 0.5 }],
  ['a function', { status: 200, result: () => 1 }],
  ['a date', { status: 200, result: new Date() }],
  ['a map', { status: 200, result: new Map() }],
  ['half a surrogate pair', { status: 200, result: '\uD800' }],
  ['a big integer', { status: 200, result: 2 ** 53 }],
  ['a long text', { status: 200, text: 'x'.repeat(1025) }],
  ['a text that is none', { status: 200, text: 7 }],
  ['more than fits into an answer', { status: 200, result: 'x'.repeat(1_048_576) }],
  ['what is nested too deeply', { status: 200, result: [[[[[[[[[0]]]]]]]]] }],
])('a handler that answers with %s fails alone', async (_what, answer) => {
  const peer = await connect(answering(() => answer));
  expect(await peer.call('ODD')).toEqual(failed);
  await expectAlive(peer);
  expect(fixture?.logged('a command failed')).toMatchObject([
    { fields: { err: expect.anything() } },
  ]);
});

test('an answer that cannot be sent frees its body all the same', async () => {
  let closed = 0;
  const close = async (): Promise<void> => {
    closed++;
  };
  const chunks = (async function* () {
    yield new Uint8Array(1);
  })();
  const peer = await connect(
    answering(() => ({ status: 200, result: 0.5, body: { chunks, close } })),
  );
  expect(await peer.call('ODD')).toEqual(failed);
  await expectAlive(peer);
  expect(closed).toBe(1);
});

describe('the body of an answer', () => {
  async function bodyOf(
    chunks: () => AsyncGenerator,
    close: () => Promise<void> = async () => undefined,
  ): Promise<Peer> {
    return connect(answering(() => ({ status: 200, body: { chunks: chunks(), close } })));
  }

  test('may come in chunks of any size', async () => {
    const sizes = [0, 1, 1_048_576, 1_048_577, 3_000_000, 0];
    const peer = await bodyOf(async function* () {
      for (const size of sizes) yield Buffer.alloc(size, 'x');
    });
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const { body } = await peer.call('ODD');
    expect(body?.end).toEqual({ ok: true, size: total });
    expect(body?.bytes).toHaveLength(total);
    await expectAlive(peer);
  });

  test('that fails midway ends with that word', async () => {
    let closed = 0;
    const peer = await bodyOf(
      async function* () {
        yield Buffer.from('begun');
        throw new Error('the disk failed at /secret');
      },
      async () => {
        closed++;
      },
    );
    const { body } = await peer.call('ODD');
    expect(body?.bytes.toString()).toBe('begun');
    expect(body?.end).toEqual({ ok: false, text: 'Internal error' });
    await expectAlive(peer);
    expect(closed).toBe(1);
  });

  test.each<[string, CborValue]>([
    ['text', 'text'],
    ['a number', 7],
  ])('that holds %s ends with that word', async (_what, chunk) => {
    const peer = await bodyOf(async function* () {
      yield Buffer.from('begun');
      yield chunk;
    });
    expect((await peer.call('ODD')).body?.end).toEqual({ ok: false, text: 'Internal error' });
    await expectAlive(peer);
  });

  test('whose resources cannot be freed is logged and harms nobody', async () => {
    const peer = await bodyOf(
      async function* () {
        yield Buffer.from('x');
      },
      async () => {
        throw new Error('stuck');
      },
    );
    expect((await peer.call('ODD')).body?.end).toEqual({ ok: true, size: 1 });
    await expectAlive(peer);
    expect(fixture?.logged('a file could not be closed')).toHaveLength(1);
  });
});

test('a body for a command that takes none is refused and thrown away', async () => {
  const peer = await connect();
  for (const command of ['PING', 'LIST', 'GET', 'DELETE']) {
    await peer.request(command, { path: 'received' }, true);
    await peer.data(Buffer.alloc(1_000_000));
    await peer.data(Buffer.alloc(1_000_000));
    await peer.end({ ok: true, size: 2_000_000 });
    expect(await peer.answer()).toMatchObject({ status: 400 });
  }
  await expectAlive(peer);
});

test('a handler that does not read its body does not stop the connection', async () => {
  const peer = await connect(answering(() => ({ status: 200, result: 'early' })));
  await peer.request('ODD', {}, true);
  expect(await peer.answer()).toMatchObject({ status: 200, result: 'early' });
  for (let index = 0; index < 5; index++) await peer.data(Buffer.alloc(1_000_000));
  await peer.end({ ok: true, size: 5_000_000 });
  await expectAlive(peer);
});

test('a handler that leaves its body in the middle does not stop the connection', async () => {
  const peer = await connect(
    answering(async ({ body }) => {
      for await (const parts of body ?? []) return { status: 200, result: parts.length > 0 };
      return { status: 200 };
    }),
  );
  await peer.request('ODD', {}, true);
  for (let index = 0; index < 5; index++) await peer.data(Buffer.alloc(1_000_000));
  await peer.end({ ok: true, size: 5_000_000 });
  expect(await peer.answer()).toMatchObject({ status: 200, result: true });
  await expectAlive(peer);
});

test.each(['', 'low', 'A B', '1ST', 'Ä', 'A'.repeat(65), 'A\n'])(
  '%j is no name for a command',
  async (name) => {
    const peer = await connect();
    await peer.close();
    const { serverIdentity: identity, store } = fixture!;
    const commands = [{ ...answering(() => undefined), name }];
    const authorizer = { authorize: async () => undefined };
    expect(() => new Server({ identity, authorizer, store, commands })).toThrow(
      expect.objectContaining({ code: 'bad-option' }),
    );
  },
);
