import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { parsePath } from '@e2eeftp/protocol';
import { openPayload, payloadLength, sealPayload } from '@e2eeftp/original-peer';

import {
  builtinCommands,
  CommandError,
  defineCommand,
  StoreError,
  type Answer,
  type Command,
  type CommandContext,
  type V1Form,
} from '../../src/index.js';
import { Fixture } from '../support/fixture.js';

let fixture: Fixture;
afterEach(async () => {
  await fixture.close();
});

async function start(...commands: Command[]): Promise<void> {
  fixture = await Fixture.start({
    way: 'TCP',
    v1: 'all',
    commands: [...builtinCommands, ...commands],
  });
}

async function answerTo(line: string): Promise<string> {
  return (await fixture.original().exchange(line)).answer.toString();
}

/** A command that gives whatever a handler without types may give. */
function answering(handler: (context: CommandContext) => unknown, form: V1Form = { fields: {} }) {
  return defineCommand({
    name: 'ODD',
    summary: 'Does something odd',
    args: z.looseObject({}),
    effect: 'none',
    v1: form,
    handler: async (_args, context) => (await handler(context)) as Answer,
  });
}

/** A body whose owner hears when it is freed. */
function body(chunks: Iterable<unknown>, freed: string[], size?: number) {
  return {
    ...(size !== undefined && { size }),
    chunks: (async function* () {
      yield* chunks;
    })() as AsyncIterable<Uint8Array>,
    close: async () => {
      freed.push('freed');
    },
  };
}

test('a command says in one line how v1 clients reach it', async () => {
  const repeat = defineCommand({
    name: 'REPEAT',
    summary: 'Repeats a text',
    args: z.strictObject({ path: z.string(), text: z.string(), times: z.int().max(3) }),
    effect: 'none',
    v1: { fields: { path: 'path', text: 'text', times: 'number' } },
    handler: async ({ path, text, times }) => ({
      status: 200,
      text: `${path} ${text.repeat(times)}`,
    }),
  });
  await start(repeat);
  expect(await answerTo('REPEAT|f|ab|3')).toBe('200|received/f ababab\n');
  expect(await answerTo('repeat|f||2')).toBe('200|received/f \n');
  expect(await answerTo('HLIST')).toBe('200|33\nSEND\nGET\nLIST\nDELETE\nHLIST\nREPEAT');
  for (const line of ['f|ab', 'f|ab|3|4', '../f|ab|3', 'f|ab|-1', 'f|ab|x', 'f|ab|4', 'f|ab|']) {
    expect(await answerTo(`REPEAT|${line}`)).toBe('400|Malformed request\n');
  }
});

test('a command without a v1 form does not exist for v1 clients', async () => {
  await start(
    defineCommand({
      name: 'NEW',
      summary: 'Is new',
      args: z.looseObject({}),
      effect: 'none',
      handler: async () => ({ status: 200 }),
    }),
  );
  expect(await answerTo('NEW')).toBe('400|Invalid Command\n');
  expect(await answerTo('HLIST')).not.toContain('NEW');
});

test('a command takes the place of one of its name, for both generations', async () => {
  const list = defineCommand({
    name: 'LIST',
    summary: 'Lists in its own way',
    args: z.looseObject({}),
    effect: 'none',
    v1: { fields: {} },
    handler: async () => ({ status: 200, result: ['b', 'a', 'ü'] }),
  });
  await start(list);
  expect(await answerTo('LIST')).toBe('200|6\nb\na\nü');
  const peer = await fixture.connect();
  expect(await peer.call('LIST', { path: '' })).toMatchObject({ result: ['b', 'a', 'ü'] });
});

test('a table entry without a handler is misconfigured', async () => {
  const broken = defineCommand({
    name: 'BROKEN',
    summary: 'Has no handler',
    args: z.looseObject({}),
    effect: 'none',
    takesBody: true,
    v1: { fields: {} },
    handler: undefined as never,
  });
  await start(broken);
  const { answer } = await fixture
    .original()
    .exchange('BROKEN|64', (keys) => sealPayload(keys, Buffer.alloc(1)));
  expect(answer.toString()).toBe('500|Server Misconfigured\n');
  expect(await answerTo('HLIST')).toContain('BROKEN');
  expect(fixture.logged('a command failed')).toMatchObject([
    { fields: { err: { message: expect.stringContaining('BROKEN has no handler') } } },
  ]);
});

test.each([
  ['no answer', () => undefined, '500|Internal error\n'],
  ['an error', () => Promise.reject(new Error('secret')), '500|Internal error\n'],
  ['a refusal', () => Promise.reject(new CommandError(409)), '409|Conflict\n'],
  ['its own words', () => Promise.reject(new CommandError(409, 'In use')), '409|In use\n'],
  [
    'a store’s refusal',
    () => Promise.reject(new StoreError('busy', 'x')),
    '429|Too many requests\n',
  ],
  ['its own status', () => ({ status: 299, text: 'So so' }), '299|So so\n'],
  ['a status alone', () => ({ status: 299 }), '299|\n'],
  ['no status', () => ({ text: 'x' }), '500|Internal error\n'],
  ['a status that is none', () => ({ status: 42 }), '500|Server Misconfigured\n'],
  ['a status that is no number', () => ({ status: '2|0' }), '500|Server Misconfigured\n'],
  ['a text of two lines', () => ({ status: 200, text: 'a\nb' }), '500|Server Misconfigured\n'],
  ['a text that is none', () => ({ status: 200, text: 7 }), '500|Server Misconfigured\n'],
  ['no list of texts', () => ({ status: 200, result: ['a', 1] }), '200|OK\n'],
  ['an empty list', () => ({ status: 200, result: [] }), '200|0\n'],
])('a handler may give %s', async (_what, handler, expected) => {
  await start(answering(handler));
  expect(await answerTo('ODD')).toBe(expected);
  // The server is as good as before.
  expect(await answerTo('LIST')).toBe('200|0\n');
  const failures = fixture.logged('a command failed');
  expect(failures).toHaveLength(expected.startsWith('500') ? 1 : 0);
  for (const { fields } of failures) expect(fields['err']).toBeInstanceOf(Error);
});

test('the words of the form come before those of the answer', async () => {
  const texts = {
    200: 'Done',
    404: ([name = '']: readonly string[]) => `No ${name}`,
    299: () => {
      throw new Error('secret');
    },
  };
  const fields = { which: 'text' } as const;
  const word = (name: string, handler: () => Promise<Answer>): Command => ({
    ...answering(handler, { fields, texts }),
    name,
  });
  await start(
    word('WELL', async () => ({ status: 200, text: 'OK' })),
    word('ILL', () => Promise.reject(new CommandError(404, 'Not here'))),
    word('ELSE', () => Promise.reject(new CommandError(409, 'In use'))),
    word('FAULTY', async () => ({ status: 299 })),
  );
  expect(await answerTo('WELL|x')).toBe('200|Done\n');
  expect(await answerTo('ILL|x')).toBe('404|No x\n');
  expect(await answerTo('ELSE|x')).toBe('409|In use\n');
  expect(await answerTo('FAULTY|x')).toBe('500|Server Misconfigured\n');
});

describe('a body', () => {
  test('is sent when its size is known, whatever pieces it comes in, and freed', async () => {
    const freed: string[] = [];
    const pieces = [new Uint8Array(0), Buffer.from('a'), Buffer.alloc(100_000, 'b')];
    await start(answering(() => ({ status: 206, body: body(pieces, freed, 100_001) })));
    const { answer, keys } = await fixture.original().exchange('ODD');
    const line = `206|${payloadLength(100_001)}\n`;
    expect(answer.subarray(0, line.length).toString()).toBe(line);
    expect(openPayload(keys, answer.subarray(line.length))).toEqual(Buffer.concat(pieces));
    await fixture.untilConnections(0);
    expect(freed).toEqual(['freed']);
  });

  test.each([undefined, -1, 1.5, NaN, Infinity, '3' as never])(
    'of size %p is refused, and freed',
    async (size) => {
      const freed: string[] = [];
      const odd = { ...body([Buffer.from('abc')], freed), size };
      await start(answering(() => ({ status: 200, body: odd })));
      expect(await answerTo('ODD')).toBe('500|Server Misconfigured\n');
      await fixture.untilConnections(0);
      expect(freed).toEqual(['freed']);
    },
  );

  test.each([
    ['has too little', [Buffer.alloc(40_000)]],
    ['has too much', [Buffer.alloc(40_000), Buffer.alloc(10_001)]],
    ['is no bytes', ['x'.repeat(50_000)]],
    [
      'fails',
      (function* () {
        yield Buffer.alloc(40_000);
        throw new StoreError('io', 'The disk is gone');
      })(),
    ],
  ])('that %s stops short, is logged, and freed', async (_what, pieces) => {
    const freed: string[] = [];
    await start(answering(() => ({ status: 200, body: body(pieces, freed, 50_000) })));
    const { answer, keys } = await fixture.original().exchange('ODD');
    const line = `200|${payloadLength(50_000)}\n`;
    const payload = answer.subarray(line.length);
    expect(payload.length).toBeLessThan(payloadLength(50_000));
    expect(() => openPayload(keys, payload)).toThrow(
      expect.objectContaining({ code: 'bad-payload' }),
    );
    await fixture.untilConnections(0);
    expect(freed).toEqual(['freed']);
    expect(fixture.logged('a command failed')).toMatchObject([
      { level: 'error', fields: { command: 'ODD', status: 500 } },
    ]);
    expect(fixture.logged('connection failed')).toEqual([]);
  });

  test('that cannot be freed is logged, and takes nothing from the answer', async () => {
    const close = () => Promise.reject(new Error('cannot be closed'));
    const odd = { ...body([Buffer.from('abc')], [], 3), close };
    await start(answering(() => ({ status: 200, body: odd })));
    const { answer, keys } = await fixture.original().exchange('ODD');
    expect(openPayload(keys, answer.subarray('200|64\n'.length)).toString()).toBe('abc');
    await fixture.untilConnections(0);
    expect(fixture.logged('a file could not be closed')).toHaveLength(1);
    expect(fixture.logged('connection failed')).toEqual([]);
  });

  test('that an answer has is freed when the request’s own was not authentic, or stopped short', async () => {
    const freed: string[] = [];
    const odd = answering(() => ({ status: 200, body: body([Buffer.from('abc')], freed, 3) }));
    await start({ ...odd, takesBody: true });
    const forged = await fixture.original().exchange('ODD|64', Buffer.alloc(64));
    expect(forged.answer.toString()).toBe('500|Decryption Failed\n');
    await fixture.untilConnections(0);
    expect(freed).toEqual(['freed']);
    const connection = await fixture.original().connect();
    await connection.writeRaw(connection.hello);
    await connection.readHello();
    await connection.writeRaw(Buffer.from('ODD|64\nhalf'));
    connection.socket.end();
    expect((await connection.readAll()).length).toBe(0);
    connection.close();
    await fixture.untilConnections(0);
    expect(freed).toEqual(['freed', 'freed']);
  });
});

test('a handler has what it needs, and nothing of a payload before it is authentic', async () => {
  const seen: unknown[] = [];
  const look = defineCommand({
    name: 'LOOK',
    summary: 'Looks at its context',
    args: z.strictObject({ name: z.string() }),
    effect: 'send',
    takesBody: true,
    v1: { fields: { name: 'text' } },
    async handler(args, { client, commands, limits, store, body: received }) {
      seen.push(args, client.access, commands.length, limits.overlap);
      seen.push((await store.stat(parsePath('received'))).type);
      const parts: Uint8Array[] = [];
      try {
        for await (const some of received ?? []) parts.push(...some);
      } catch (error) {
        seen.push(error);
        throw error;
      }
      seen.push(Buffer.concat(parts).toString(), received?.end);
      return { status: 226 };
    },
  });
  await start(look);
  const client = fixture.original(fixture.authorize('wo'));
  const line = `LOOK|any|${payloadLength(5)}`;
  const whole = await client.exchange(line, (keys) => sealPayload(keys, Buffer.from('bytes')));
  expect(whole.answer.toString()).toBe('226|Transfer complete\n');
  const facts = [{ name: 'any' }, 'wo', builtinCommands.length + 1, 16, 'directory'];
  expect(seen.splice(0)).toEqual([...facts, 'bytes', { ok: true, size: 5 }]);
  const forged = await client.exchange(line, Buffer.alloc(64));
  expect(forged.answer.toString()).toBe('500|Decryption Failed\n');
  expect(seen).toEqual([...facts, expect.objectContaining({ code: 'authentication-failed' })]);
});
