import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { Identity } from '@e2eeftp/server';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { ask, metricsOf, metricsUrl } from './support/http.js';
import { keyOf, Playground, type RunningServer } from './support/program.js';

let playground: Playground;
let identity: Identity;

beforeEach(async () => {
  playground = await Playground.make();
  identity = Identity.generate();
  await playground.run(['authorize', keyOf(identity)]);
});
afterEach(async () => {
  await playground.remove();
});

/** However it comes about. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.resume().once('close', () => {
      resolve();
    });
  });
}

/** Reads all, and keeps nothing. */
async function drain(chunks: AsyncGenerator): Promise<void> {
  while ((await chunks.next()).done !== true);
}

function start(...args: string[]): Promise<RunningServer> {
  return playground.start(['--metrics', '127.0.0.1:0', ...args]);
}

/** Metrics are counted when an answer has left, a moment before or after the client sees it. */
async function until(server: RunningServer, expected: Record<string, number>): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const metrics = await metricsOf(server);
    const seen = Object.fromEntries(Object.keys(expected).map((name) => [name, metrics.get(name)]));
    if (performance.now() > deadline) expect(seen).toEqual(expected);
    if (JSON.stringify(seen) === JSON.stringify(expected)) return;
    await delay(10);
  }
}

test('what the server does is counted', async () => {
  const server = await start();
  const client = await playground.connect(server, identity);
  await client.send(Buffer.alloc(1000), 'received/a');
  await client.send(Buffer.alloc(500), 'received/b');
  await drain(client.read('received/a'));
  await expect(client.stat('received/missing')).rejects.toMatchObject({ code: 'not-found' });
  await expect(client.request('NO-SUCH-COMMAND', {})).rejects.toThrow();
  await expect(playground.connect(server, Identity.generate())).rejects.toThrow();
  await until(server, {
    'e2eeftp_transfers_total{direction="up",generation="2"}': 2,
    'e2eeftp_transfers_total{direction="down",generation="2"}': 1,
    'e2eeftp_transfers_total{direction="up",generation="1"}': 0,
    'e2eeftp_received_bytes_total{generation="2"}': 1500,
    'e2eeftp_sent_bytes_total{generation="2"}': 1000,
    'e2eeftp_commands_total{command="SEND",status="226",generation="2"}': 2,
    'e2eeftp_commands_total{command="STAT",status="404",generation="2"}': 1,
    'e2eeftp_commands_total{command="unknown",status="400",generation="2"}': 1,
    'e2eeftp_command_duration_seconds_count{command="SEND"}': 2,
    'e2eeftp_handshakes_total{outcome="established"}': 1,
    'e2eeftp_handshakes_total{outcome="failed"}': 1,
    'e2eeftp_handshake_duration_seconds_count{outcome="established"}': 1,
    e2eeftp_connections_total: 2,
    e2eeftp_open_connections: 1,
    e2eeftp_ready: 1,
    'e2eeftp_refused_connections_total{limit="failures"}': 0,
    'e2eeftp_hook_deliveries_total{hook="url",outcome="dropped"}': 0,
  });
  const metrics = await metricsOf(server);
  const free = metrics.get('e2eeftp_store_free_bytes') ?? 0;
  expect(free).toBeGreaterThan(0);
  expect(metrics.get('e2eeftp_store_size_bytes')).toBeGreaterThanOrEqual(free);
  expect(metrics.has('process_resident_memory_bytes')).toBe(true);
  await client.close();
  await until(server, { e2eeftp_open_connections: 0 });
});

test('whatever clients choose, there are no more series', async () => {
  const server = await start();
  const client = await playground.connect(server, identity);
  const provoke = async (word: string): Promise<void> => {
    await client.request(word, {}).catch(() => undefined);
    await client.stat(`received/${word}`).catch(() => undefined);
    await playground.connect(server, Identity.generate()).catch(() => undefined);
  };
  await provoke('FIRST');
  await until(server, { e2eeftp_open_connections: 1 });
  const before = [...(await metricsOf(server)).keys()].filter((name) => name.startsWith('e2eeftp'));
  for (const word of ['A', 'B"} 1', 'C\\n']) await provoke(word);
  const after = [...(await metricsOf(server)).keys()].filter((name) => name.startsWith('e2eeftp'));
  expect(after).toEqual(before);
});

test('people read where they are', async () => {
  const server = await start('--log-format', 'pretty');
  expect(server.output).toMatch(/serving metrics at 127\.0\.0\.1:\d+$/mu);
});

test('refused connections are counted by the limit that they met', async () => {
  const server = await start('--connections', '1');
  const client = await playground.connect(server, identity);
  await expect(playground.connect(server, identity)).rejects.toThrow();
  await until(server, { 'e2eeftp_refused_connections_total{limit="connections"}': 1 });
  await client.close();
});

describe('over HTTP', () => {
  test('there is what there should be, and nothing else', async () => {
    const server = await start();
    const url = metricsUrl(server);
    expect(await ask(`${url}/metrics`)).toMatchObject({
      status: 200,
      headers: { 'content-type': expect.stringMatching(/^text\/plain; version=0\.0\.4/u) },
    });
    expect(await ask(`${url}/metrics?x=1`)).toMatchObject({ status: 200 });
    expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200, body: 'alive\n' });
    expect(await ask(`${url}/readyz`)).toMatchObject({ status: 200, body: 'ready\n' });
    expect(await ask(`${url}/healthz`, 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect(await ask(`${url}/`)).toMatchObject({ status: 404 });
    expect(await ask(`${url}/../server_id.key`)).toMatchObject({ status: 404 });
    expect(await ask(`${url}/metrics`, 'POST')).toMatchObject({ status: 405 });
  });

  test('readiness ends with the draining, and health does not', async () => {
    const server = await start('--drain', '60s');
    const url = metricsUrl(server);
    const client = await playground.connect(server, identity);
    let release: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const source = Readable.from(
      (async function* () {
        yield Buffer.alloc(100_000);
        await gate;
      })(),
    );
    const sent = client.send(source, 'received/x');
    await playground.untilUploading();
    server.signal('SIGTERM');
    await server.until(/closing/u);
    expect(await ask(`${url}/readyz`)).toMatchObject({ status: 503, body: 'draining\n' });
    expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200 });
    release?.();
    await sent;
    expect(await server.ended()).toMatchObject({ exitCode: 0 });
  });

  test('who is slow, silent or rude is hung up on, and the others are served', async () => {
    const server = await start();
    const { hostname, port } = new URL(metricsUrl(server));
    const open = (text: string) => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on('error', () => undefined);
      // Nothing is read: whoever serves must not wait for it.
      socket.pause().write(text);
      return socket;
    };
    const rude = [
      open(''),
      open('GET /metrics HT'),
      open(`GET / HTTP/1.1\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`),
      open('\0\0\0\u0080'),
      open('POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nx'),
    ];
    const ended = rude.map((socket) => closeOf(socket));
    expect(await ask(`${metricsUrl(server)}/healthz`)).toMatchObject({ status: 200 });
    await Promise.all(ended);
    const many = Array.from({ length: 100 }, () => open('GET /healthz HTTP/1.1\r\n'));
    await Promise.race(many.map((socket) => closeOf(socket)));
    for (const socket of many) socket.destroy();
    expect(await server.end()).toMatchObject({ exitCode: 0 });
  }, 60_000);
});

describe('an address that cannot be used is an error at the start', () => {
  test('one in use', async () => {
    const { port } = new URL(metricsUrl(await start()));
    const other = await Playground.make();
    try {
      const outcome = await other.run(['--port', '0', '--metrics', `127.0.0.1:${port}`]);
      expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
      expect(outcome.stderr).toMatch(
        /^e2eeftp-server: Cannot serve metrics at 127\.0\.0\.1:\d+ \(EADDRINUSE\); choose another address with --metrics$/u,
      );
    } finally {
      await other.remove();
    }
  });

  test('one of another machine', async () => {
    const outcome = await playground.run(['--port', '0', '--metrics', '203.0.113.1:1']);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    expect(outcome.stderr).toContain('choose another address with --metrics');
  });
});
