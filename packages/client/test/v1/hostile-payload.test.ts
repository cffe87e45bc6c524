import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';

import { sealPayload } from '@e2eeftp/original-peer';
import { TransportError } from '@e2eeftp/transport';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { V1Client } from '../../src/index.js';
import { failureOf } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import {
  scriptedClient,
  scriptedV1,
  startOriginal,
  type Script,
  type ScriptedV1Server,
} from './support.js';

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

function get(client: V1Client): Promise<unknown> {
  return client.get('a', join(folder, 'a'));
}

async function end({ transport }: ScriptedV1Server): Promise<void> {
  await transport.end();
}

async function silence(): Promise<void> {
  // The server does nothing.
}

describe('a payload', () => {
  const content = Buffer.alloc(100_000, 'abcdefg');

  /** The client of a server that answers GET with something that it made of the payload. */
  function giving(change: (payload: Buffer) => Uint8Array, length?: number): V1Client {
    return scriptedClient(async (server) => {
      await server.command();
      if (!server.keys) return;
      const payload = change(sealPayload(server.keys, content));
      await server.write(`200|${length ?? payload.length}\n`, payload);
      await end(server);
    });
  }

  async function expectNothing(client: V1Client, code: string): Promise<void> {
    expect((await failureOf(get(client))).code).toBe(code);
    expect(await readdir(folder)).toEqual([]);
    const output = new PassThrough();
    expect((await failureOf(client.get('a', output))).code).toBe(code);
    // Not one byte that was not verified.
    expect(output.readableLength).toBe(0);
    expect(output.destroyed).toBe(false);
    expect(output.listenerCount('error')).toBe(0);
  }

  const flipped = (at: number) => (payload: Buffer) => {
    const index = at < 0 ? payload.length + at : at;
    payload[index] = (payload[index] ?? 0) ^ 0x80;
    return payload;
  };

  test.each<[string, (payload: Buffer) => Uint8Array]>([
    ['its IV', flipped(0)],
    ['its first block', flipped(16)],
    ['its middle', flipped(50_000)],
    ['its last block', flipped(-33)],
    ['its tag', flipped(-1)],
    ['its order', (payload) => Buffer.concat([payload.subarray(-16), payload.subarray(0, -16)])],
    ['a block less', (payload) => Buffer.concat([payload.subarray(0, 16), payload.subarray(32)])],
  ])('that was altered in %s gives nothing', async (_name, change) => {
    await expectNothing(giving(change), 'integrity');
  });

  test('that was altered leaves the older file as it was', async () => {
    await writeFile(join(folder, 'a'), 'the older one');
    expect((await failureOf(get(giving(flipped(50_000))))).code).toBe('integrity');
    expect(await readdir(folder)).toEqual(['a']);
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('the older one');
    await rm(join(folder, 'a'));
  });

  test.each([0, 16, 1000, 100_000])('that stops after %d bytes gives nothing', async (length) => {
    const client = giving((payload) => payload.subarray(0, length), 100_064);
    await expectNothing(client, 'disconnected');
  });

  test.each([
    ['0', 'not-e2eeftp'],
    ['63', 'not-e2eeftp'],
    ['65', 'not-e2eeftp'],
    ['64', 'integrity'],
    ['100048', 'integrity'],
    ['100080', 'disconnected'],
    ['-64', 'not-e2eeftp'],
    ['+64', 'not-e2eeftp'],
    ['64 ', 'not-e2eeftp'],
    ['6_4', 'not-e2eeftp'],
    ['0x40', 'not-e2eeftp'],
    ['1e3', 'not-e2eeftp'],
    ['', 'not-e2eeftp'],
    ['64|64', 'not-e2eeftp'],
    ['9007199254740993', 'not-e2eeftp'],
    ['99999999999999999999', 'not-e2eeftp'],
    ['9007199254740944', 'disconnected'],
  ])('of %j bytes gives nothing', async (length, code) => {
    const client = scriptedClient(async (server) => {
      await server.command();
      if (!server.keys) return;
      await server.write(`200|${length}\n`, sealPayload(server.keys, content));
      await end(server);
    });
    await expectNothing(client, code);
  });

  test('that was sent before cannot be played back as another', async () => {
    let played: Uint8Array | undefined;
    const client = scriptedClient(async (server) => {
      await server.command();
      if (!server.keys) return;
      played ??= sealPayload(server.keys, content);
      await server.write(`200|${played.length}\n`, played);
      await end(server);
    });
    await client.get('a', join(folder, 'a'));
    await rm(join(folder, 'a'));
    await expectNothing(client, 'integrity');
  });

  test('that stands still ends in time', async () => {
    const client = scriptedClient(
      async (server) => {
        await server.command();
        await server.write('200|1000000\n', content);
      },
      { progress: 50 },
    );
    await expectNothing(client, 'timed-out');
  });

  test('with a tail is taken without it', async () => {
    const client = giving((payload) => Buffer.concat([payload, content]), 100_064);
    expect(await client.get('a', join(folder, 'a'))).toEqual({ size: 100_000 });
    await rm(join(folder, 'a'));
  });
});

describe('a server that answers an upload before its end', () => {
  const megabyte = new Uint8Array(1024 * 1024);
  async function* endless(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) yield megabyte;
  }

  const early =
    (answer: string, then: (server: ScriptedV1Server) => Promise<unknown>): Script =>
    async (server) => {
      await server.command();
      await server.take(300_000);
      await server.write(answer);
      await then(server);
    };

  test.each<[string, (server: ScriptedV1Server) => Promise<unknown>]>([
    ['and reads no more', silence],
    ['and ends its direction', end],
    [
      'and hangs up',
      async ({ transport }) => {
        transport.destroy();
      },
    ],
  ])('%s is heard', async (_name, then) => {
    for (const [answer, code] of [
      ['413|Too large\n', 'too-large'],
      ['400|Malformed request\n', 'bad-request'],
      ['500|Decryption Failed\n', 'integrity'],
      ['226|Transfer Complete\n', 'not-e2eeftp'],
    ] as const) {
      const client = scriptedClient(early(answer, then));
      expect((await failureOf(client.send(endless(), 'a', { size: 2 ** 40 }))).code).toBe(code);
    }
  });

  test('ends the wait for a source that gives nothing', async () => {
    const source = new Readable({ read: () => undefined });
    const client = scriptedClient(async (server) => {
      await server.command();
      await server.write('413|Too large\n');
    });
    expect((await failureOf(client.send(source, 'a', { size: 5 }))).code).toBe('too-large');
    expect(source.destroyed).toBe(true);
  });

  test('is heard over TCP as well', async () => {
    const { client, server, stored } = await startOriginal({
      commands: { SEND: () => ({ line: '413|Too large' }) },
    });
    const { code } = await failureOf(client.send(endless(), 'a', { size: 2 ** 40 }));
    expect(code).toBe('too-large');
    expect(server.connections).toHaveLength(1);
    expect(await stored()).toEqual([]);
  });

  test('is no success, however little was missing', async () => {
    const source = new PassThrough();
    source.write('abc');
    const client = scriptedClient(async (server) => {
      await server.command();
      await server.take(16);
      await server.write('226|Transfer Complete\n');
    });
    expect((await failureOf(client.send(source, 'a', { size: 3 }))).code).toBe('not-e2eeftp');
  });

  test('with nothing but the end of the connection', async () => {
    for (const leave of [end, async (server: ScriptedV1Server) => server.transport.destroy()]) {
      const client = scriptedClient(async (server) => {
        await server.command();
        await server.take(300_000);
        await leave(server);
      });
      const failure = await failureOf(client.send(endless(), 'a', { size: 2 ** 40 }));
      expect(failure.code).toBe('disconnected');
    }
  });

  test('after the way there is broken already is heard', async () => {
    const options = scriptedV1(async (server) => {
      await server.command();
      await server.take(300_000);
      await server.write('413|Too large\n');
    });
    let sent = 0;
    const client = new V1Client({
      ...options,
      openTransport: async (opening) => {
        const transport = await options.openTransport?.(opening);
        if (!transport) throw new Error('There is no transport');
        const passed = transport.write.bind(transport);
        transport.write = (parts) =>
          sent > 400_000
            ? Promise.reject(new TransportError('reset', 'The connection broke'))
            : passed(parts);
        return transport;
      },
    });
    const onProgress = ({ transferred }: { transferred: number }): void => {
      sent = transferred;
    };
    const failure = await failureOf(client.send(endless(), 'a', { size: 2 ** 40, onProgress }));
    expect(failure.code).toBe('too-large');
  });

  test('stops taking bytes and says nothing ends in time', async () => {
    const client = scriptedClient((server) => server.command(), { progress: 100 });
    const failure = await failureOf(client.send(endless(), 'a', { size: 2 ** 40 }));
    expect(failure.code).toBe('timed-out');
  });
});

test('an upload that is altered on its way is not stored, and the client knows', async () => {
  const { client, stored } = await startOriginal({
    commands: {
      SEND: async () => ({ line: '500|Decryption Failed' }),
    },
  });
  const failure = await failureOf(client.send(Buffer.from('abc'), 'a'));
  expect(failure.code).toBe('integrity');
  expect(await stored()).toEqual([]);
});
