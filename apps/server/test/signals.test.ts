import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { Identity } from '@e2eeftp/server';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { HookReceiver } from './support/http.js';
import { keyOf, Playground, type RunningServer } from './support/program.js';

let playground: Playground;
let config: string;
let identity: Identity;

beforeEach(async () => {
  playground = await Playground.make();
  config = join(playground.data, 'server.toml');
  identity = Identity.generate();
  await playground.run(['authorize', keyOf(identity)]);
});
afterEach(async () => {
  await playground.remove();
});

/** Whether anything is being uploaded, to be resumed or not. */
async function isUploading(): Promise<boolean> {
  const names = await readdir(join(playground.data, '.e2eeftp'), {
    recursive: true,
    withFileTypes: true,
  });
  return names.some((entry) => entry.isFile() && /upload|resumable/u.test(entry.parentPath));
}

async function write(...lines: string[]): Promise<void> {
  await writeFile(config, lines.join('\n'));
}

function started(...args: string[]): Promise<RunningServer> {
  return playground.start(['--config', config, ...args]);
}

/** Sends SIGHUP, and waits until the log says that often what it says of it. */
async function hangUp(server: RunningServer, message: string, times = 1): Promise<void> {
  server.signal('SIGHUP');
  await server.until(new RegExp(`(?:[^]*${message}){${times}}`, 'u'));
}

const reread = 'the configuration was read again';
const unchanged = 'everything stays as it was';

describe.each([1, 2])('SIGHUP with %s workers', (workers) => {
  test('brings other limits into force, for who is in and for who comes', async () => {
    await write('connections = 10', 'file-size = 100');
    const server = await started('--workers', `${workers}`);
    const clients = [
      await playground.connect(server, identity),
      await playground.connect(server, identity),
      await playground.connect(server, identity),
    ];
    for (const client of clients) await client.send(Buffer.alloc(100), 'received/a/first');
    await write('connections = 3', 'file-size = 10', 'directory-size = 2', 'open-files = 7');
    await hangUp(server, reread);
    expect(server.log.find(({ msg }) => msg === reread)).toMatchObject({
      changed: ['connections', 'file-size', 'directory-size', 'open-files'],
    });
    for (const client of clients) {
      await expect(client.send(Buffer.alloc(11), 'received/b')).rejects.toMatchObject({
        code: 'too-large',
      });
    }
    await clients[0]?.send(Buffer.alloc(10), 'received/a/second');
    for (const client of clients) {
      await expect(client.send(Buffer.alloc(1), 'received/a/third')).rejects.toMatchObject({
        code: 'no-space',
      });
      await client.send(Buffer.alloc(1), 'received/a/second');
    }
    await expect(playground.connect(server, identity)).rejects.toThrow();
    await write('idle-timeout = "100ms"');
    await hangUp(server, reread, 2);
    await playground.connect(server, identity);
    for (const client of clients) await client.ping().catch(() => undefined);
    await server.until(/(?:[^]*client disconnected){4}/u);
    expect(await server.end()).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe.each([1, 2])('the end of a server with %s workers', (workers) => {
  test('tells who is cut off why, and keeps the upload to be resumed', async () => {
    await write('drain = "100ms"');
    const server = await started('--workers', `${workers}`);
    const client = await playground.connect(server, identity);
    const sent = client.send(new Readable({ read: () => undefined }), 'received/x');
    const failed = expect(sent).rejects.toMatchObject({ code: 'shutting-down' });
    while (!(await isUploading())) await delay(5);
    expect(await server.end()).toMatchObject({ exitCode: 0, stderr: '' });
    await failed;
    expect(server.output).toContain('cut the client off: it was not done in time');
    expect(await readdir(join(playground.data, 'received'))).toEqual([]);
  });
});

describe('SIGHUP', () => {
  test('brings another log level into force, without a word about what is the same', async () => {
    await write('log-level = "info"');
    const server = await started();
    await write('log-level = "debug"');
    await hangUp(server, reread);
    expect(server.log.at(-1)).toMatchObject({ msg: reread, changed: ['log-level'] });
    await hangUp(server, reread, 2);
    expect(server.log.at(-1)).toMatchObject({ changed: [] });
    expect(await server.end()).toMatchObject({ exitCode: 0 });
  });

  test('brings another hook into force', async () => {
    const receiver = await HookReceiver.start(() => 200);
    try {
      await write('');
      const server = await started();
      const client = await playground.connect(server, identity);
      await client.send(Buffer.from('x'), 'received/before');
      await write(`on-upload-url = ${JSON.stringify(receiver.url)}`);
      await hangUp(server, reread);
      await client.send(Buffer.from('x'), 'received/after');
      await receiver.until(1);
      await write('');
      await hangUp(server, reread, 2);
      await client.send(Buffer.from('x'), 'received/off');
      expect(await server.end()).toMatchObject({ exitCode: 0 });
      expect(receiver.received.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
        { path: 'received/after' },
      ]);
      expect(server.output).not.toContain('hunter2');
    } finally {
      await receiver.close();
    }
  });

  test('names what needs a restart, each time', async () => {
    await write('durability = "full"');
    const server = await started();
    await write('durability = "relaxed"', 'workers = 2', 'connections = 5', 'host = "::1"');
    await hangUp(server, reread);
    await hangUp(server, reread, 2);
    const told = server.log.filter(({ level }) => level === 'warn');
    const settings = ['host', 'durability', 'workers'];
    const msg = 'these settings have changed and need a restart';
    expect(told).toMatchObject([
      { msg, settings },
      { msg, settings },
    ]);
  });

  test('with mistakes in the file leaves everything as it was, and names them all', async () => {
    await write('log-level = "debug"');
    const server = await started();
    const client = await playground.connect(server, identity);
    await write('log-level = "error"', 'prot = 1', 'x');
    await hangUp(server, unchanged, 2);
    const told = server.log.filter(({ level }) => level === 'error');
    expect(told.map(({ reason }) => reason)).toEqual([
      `${config}:2: prot is no setting; did you mean port?`,
      expect.stringMatching(/server\.toml:3: is no TOML/u),
    ]);
    await client.ping();
    await write('log-level = "debug"');
    await hangUp(server, reread);
    expect(await server.end()).toMatchObject({ exitCode: 0 });
  });

  test('never ends the server, from its first moment to its last', async () => {
    const server = playground.launch(['start', '--data', playground.data, '--port', '0']);
    await server.listening();
    for (let index = 0; index < 20; index++) server.signal('SIGHUP');
    const client = await playground.connect(server, identity);
    const sending = new AbortController();
    const { signal } = sending;
    const sent = client.send(new Readable({ read: () => undefined }), 'received/x', { signal });
    const failed = expect(sent).rejects.toThrow();
    await playground.untilUploading();
    server.signal('SIGTERM');
    await server.until(/closing/u);
    server.signal('SIGHUP');
    // The server need not wait until the client has had its time.
    sending.abort(new Error('nothing follows'));
    await client.close().catch(() => undefined);
    await failed;
    expect(await server.ended()).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

test('what is under way has no more time than the drain gives it', async () => {
  await write('drain = 0');
  const server = await started();
  const client = await playground.connect(server, identity);
  const sent = client.send(new Readable({ read: () => undefined }), 'received/x');
  const failed = expect(sent).rejects.toMatchObject({ code: 'shutting-down' });
  await playground.untilUploading();
  expect(await server.end()).toMatchObject({ exitCode: 0 });
  await failed;
  expect(await readdir(join(playground.data, 'received'))).toEqual([]);
});

test('a client that does nothing hears that the server shuts down', async () => {
  await write('');
  const server = await started();
  const client = await playground.connect(server, identity);
  await client.ping();
  await server.end();
  await expect(client.ping()).rejects.toThrow();
});
