import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

import { handshakeHello, newIdentity } from '@e2eeftp/original-peer';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { UntrustedServerError, type OperationOptions, type V1Client } from '../../src/index.js';
import { failureOf } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { scriptedClient, startOriginal, type ScriptedV1Server } from './support.js';

expectNoUnhandledRejections();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2eeftp-v1-'));
});
// Whatever a server did, nothing of it is on this side's disk.
afterEach(async () => {
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

type Operation = (client: V1Client, options?: OperationOptions) => Promise<unknown>;

const get: Operation = (client) => client.get('a', join(folder, 'a'));
const operations: [string, Operation][] = [
  ['send', (client) => client.send(Buffer.from('abc'), 'a')],
  ['get', get],
  ['get a stream', (client) => client.get('a', new PassThrough())],
  ['list', (client) => client.list()],
  ['remove', (client) => client.remove('a')],
  ['commands', (client) => client.commands()],
  ['request', (client) => client.request('STAT', ['a'])],
];

async function end({ transport }: ScriptedV1Server): Promise<void> {
  await transport.end();
}

async function silence(): Promise<void> {
  // The server does nothing.
}

describe('a server whose hello', () => {
  const other = newIdentity();
  const sealed = (hello: Buffer, at: number): Buffer => {
    const bytes = Buffer.from(hello);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };

  test.each<[string, string, (hello: Buffer) => Uint8Array]>([
    ['has a wrong signature', 'not-e2eeftp', (hello) => sealed(hello, 131)],
    ['signs another ephemeral key', 'not-e2eeftp', (hello) => sealed(hello, 4)],
    ['is announced with 4 GiB', 'not-e2eeftp', () => Buffer.alloc(4, 0xff)],
    ['has one byte more', 'not-e2eeftp', (hello) => Buffer.concat([hello, Buffer.alloc(1)])],
    ['is announced too short', 'not-e2eeftp', (hello) => sealed(hello, 3)],
    ['is a page', 'not-e2eeftp', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['is of another server', 'changed-server', () => handshakeHello(other.privatePem).bytes],
    ['stops', 'disconnected', (hello) => hello.subarray(0, 131)],
    ['is empty', 'not-authorized', () => Buffer.alloc(0)],
  ])('%s gets no command', async (_name, code, reply) => {
    const commands: string[] = [];
    for (const [, operate] of operations) {
      const client = scriptedClient(async (server) => {
        // A hello is made as a server would make it, and changed on its way.
        const passed = server.transport.write.bind(server.transport);
        server.transport.write = (parts) => passed([reply(Buffer.concat(parts))]);
        await server.shakeHands();
        if (code === 'disconnected' || code === 'not-authorized') await end(server);
        commands.push(await server.line());
      });
      expect((await failureOf(operate(client))).code).toBe(code);
    }
    expect(commands).toEqual([]);
  });

  test('says whose it is', async () => {
    const { client } = await startOriginal({
      helloReply: () => handshakeHello(other.privatePem).bytes,
    });
    const failure = await failureOf(client.list());
    expect(failure).toBeInstanceOf(UntrustedServerError);
    expect(failure).toMatchObject({ serverIdentity: new Uint8Array(other.publicKey) });
  });

  test('is the client’s own is another server', async () => {
    const client = scriptedClient(async (server) => {
      await server.write(await server.take(132));
    });
    expect((await failureOf(client.list())).code).toBe('changed-server');
  });

  test('comes byte by byte is taken', async () => {
    const client = scriptedClient(async (server) => {
      const { transport } = server;
      const passed = transport.write.bind(transport);
      transport.write = async (parts) => {
        for (const byte of Buffer.concat(parts)) await passed([Uint8Array.of(byte)]);
      };
      await server.command();
      await server.write('200|3\na\nb');
    });
    expect(await client.list()).toEqual(['a', 'b']);
  });

  test('is a reset connection does not authorize', async () => {
    const client = scriptedClient(async (server) => {
      await server.take(132);
      server.transport.destroy();
    });
    expect((await failureOf(client.list())).code).toBe('not-authorized');
  });

  test('does not come in time', async () => {
    for (const script of [silence, (server: ScriptedV1Server) => server.write(Buffer.of(0, 0))]) {
      const client = scriptedClient(async (server) => script(server), { handshake: 50 });
      expect((await failureOf(client.list())).code).toBe('timed-out');
    }
  });
});

describe.each(operations)('%s', (_name, operate) => {
  /** Whatever it was, the answer to it. */
  function answering(...answer: (string | Uint8Array)[]): V1Client {
    return scriptedClient(async (server) => {
      await server.command();
      await server.write(...answer);
      await end(server);
    });
  }

  test.each([
    ['nothing', 'disconnected', ''],
    ['half a line', 'disconnected', '200|'],
    ['no status', 'not-e2eeftp', 'OK\n'],
    ['a status of four digits', 'not-e2eeftp', '2000|x\n'],
    ['an empty line', 'not-e2eeftp', '\n'],
    ['what is not UTF-8', 'not-e2eeftp', Buffer.from([0x32, 0x30, 0x30, 0x7c, 0xff, 0x0a])],
    ['more than a line may have', 'not-e2eeftp', `200|${'x'.repeat(8192)}`],
    ['that it is not allowed', 'not-allowed', '403|no\n'],
    ['that there is a conflict', 'conflict', '409|no\n'],
    ['that it is too large', 'too-large', '413|no\n'],
    ['that there is no space', 'no-space', '507|no\n'],
    ['that it failed', 'server-failed', '500|Server Misconfigured\n'],
    ['that the command is not known', 'bad-request', '400|Invalid Command\n'],
    ['that what arrived was altered', 'integrity', '500|Decryption Failed\n'],
  ])('that is answered with %s fails', async (_what, code, answer) => {
    expect((await failureOf(operate(answering(answer)))).code).toBe(code);
  });

  test('shows nothing of an answer that could control a terminal', async () => {
    const { message } = await failureOf(operate(answering('404|\u001B[2J\u202Egone\n')));
    expect(message).not.toMatch(/[\u001B\u202E]/u);
    expect(message).toContain('gone');
  });

  test('that is not answered ends in time', async () => {
    const client = scriptedClient((server) => server.command(), { progress: 50 });
    expect((await failureOf(operate(client))).code).toBe('timed-out');
  });

  test('that is answered byte by byte without an end ends in time', async () => {
    const client = scriptedClient(
      async (server) => {
        await server.command();
        for (;;) {
          await server.write('2');
          await setTimeout(10);
        }
      },
      { progress: 100 },
    );
    expect((await failureOf(operate(client))).code).toBe('timed-out');
  });

  test('whose connection breaks fails', async () => {
    const client = scriptedClient(async (server) => {
      await server.command();
      server.transport.destroy();
    });
    expect((await failureOf(operate(client))).code).toBe('disconnected');
  });
});

test.each(['200|5\n', '226|Transfer Complete\n', '302|elsewhere\n'])(
  'an answer to something else, %j, is none',
  async (answer) => {
    const client = scriptedClient(async (server) => {
      await server.command();
      await server.write(answer);
      await end(server);
    });
    const isSend = answer.startsWith('226');
    if (!isSend) {
      expect((await failureOf(client.send(Buffer.from('abc'), 'a'))).code).toBe('not-e2eeftp');
    }
    if (!answer.startsWith('200')) {
      expect((await failureOf(client.remove('a'))).code).toBe('not-e2eeftp');
      expect((await failureOf(client.list())).code).toBe('not-e2eeftp');
      expect((await failureOf(get(client))).code).toBe('not-e2eeftp');
    }
  },
);

describe('a listing', () => {
  function listing(length: number | string, ...parts: (string | Uint8Array)[]): V1Client {
    return scriptedClient(async (server) => {
      await server.command();
      await server.write(`200|${length}\n`, ...parts);
      await end(server);
    });
  }

  test('is given as it is', async () => {
    const names = ['../../etc/passwd', '\u001B[2J', '\u202Egpj.exe', ' ', '\uFEFFbom', 'a\r'];
    const body = Buffer.from(names.join('\n'));
    expect(await listing(body.length, body).list()).toEqual(names);
    expect(await listing(0).list()).toEqual([]);
    expect(await listing(4, 'a\nb\n').list()).toEqual(['a', 'b']);
  });

  test.each([
    ['above 64 MiB', 64 * 1024 * 1024 + 1, 'too-large', ''],
    ['of more names than anybody has', 2_000_000, 'too-large', '\n'.repeat(2_000_000)],
    ['that is not UTF-8', 3, 'not-e2eeftp', Buffer.from([0x61, 0xc3, 0x28])],
    ['that ends within a letter', 2, 'not-e2eeftp', Buffer.from('aä').subarray(0, 2)],
    ['shorter than announced', 10, 'disconnected', 'a\nb'],
    ['without a length', 'many', 'not-e2eeftp', 'a\nb'],
  ])('%s is refused', async (_name, length, code, body) => {
    expect((await failureOf(listing(length, body).list())).code).toBe(code);
    expect((await failureOf(listing(length, body).commands())).code).toBe(code);
  });

  test('that never ends, ends in time', async () => {
    const client = scriptedClient(
      async (server) => {
        await server.command();
        await server.write('200|1000\na\n');
      },
      { progress: 50 },
    );
    expect((await failureOf(client.list())).code).toBe('timed-out');
  });
});

test('hooks of an original server that turn it hostile', async () => {
  const tampered = await startOriginal({ tamper: (payload) => payload.fill(0, 20, 40) });
  await tampered.store('a', Buffer.alloc(10_000, 1));
  expect((await failureOf(get(tampered.client))).code).toBe('integrity');
  const short = await startOriginal({ stopAfter: 500 });
  await short.store('a', Buffer.alloc(10_000, 1));
  expect((await failureOf(get(short.client))).code).toBe('disconnected');
  const longer = await startOriginal({ answerLine: (line) => line.replace('|', '|1') });
  await longer.store('a', Buffer.alloc(10_000, 1));
  expect((await failureOf(get(longer.client))).code).toBe('disconnected');
});
