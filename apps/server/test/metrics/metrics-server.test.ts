import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';
import { Gauge, Registry } from 'prom-client';

import { MetricsServer } from '../../src/metrics/metrics-server.js';
import { StoreUsage } from '../../src/metrics/store-usage.js';
import { silentLogger } from '@e2eeftp/server';
import { ask } from '../support/http.js';

type State = 'ready' | 'starting' | 'draining';

let server: MetricsServer | undefined;
let state: State;

afterEach(async () => {
  await server?.close();
});

/** Starts a server whose metrics have so many bytes, and says at which port. */
async function start(bytes: number): Promise<number> {
  const registry = new Registry();
  new Gauge({ name: 'large', help: 'x'.repeat(bytes), registers: [registry] });
  let port = 0;
  const logger = {
    ...silentLogger,
    info: (fields: object) => {
      ({ port } = fields as { port: number });
    },
  };
  const options = { registry, state: () => state, logger };
  server = await MetricsServer.start({ host: '127.0.0.1', port: 0 }, options);
  return port;
}

/** Connections that the server at a port holds: what Linux says of them (proc(5)). */
async function heldAt(port: number): Promise<number> {
  const table = await readFile('/proc/net/tcp', 'utf8');
  const digits = port.toString(16).toUpperCase().padStart(4, '0');
  const established = '01';
  const isHeld = (line: string): boolean => {
    const [, local = '', , state] = line.trim().split(/\s+/u);
    return local.endsWith(`:${digits}`) && state === established;
  };
  return table.split('\n').filter(isHeld).length;
}

test.each<[State, number]>([
  ['starting', 503],
  ['ready', 200],
  ['draining', 503],
])('a server that is %s is ready with %d, and alive', async (now, status) => {
  const url = `http://127.0.0.1:${await start(1)}`;
  state = now;
  expect(await ask(`${url}/readyz`)).toMatchObject({ status, body: `${now}\n` });
  expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200 });
});

describe('a large answer', () => {
  const size = 30_000_000;

  test('arrives whole', async () => {
    const { body } = await ask(`http://127.0.0.1:${await start(size)}/metrics`);
    expect(body.length).toBeGreaterThan(size);
  });

  test('is not held for whoever reads nothing of it, or a little at a time', async () => {
    const port = await start(size);
    const sockets = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    const [, slow] = sockets;
    for (const socket of sockets) {
      socket.on('error', () => undefined).pause();
      socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    }
    const reading = setInterval(() => {
      slow?.read(1);
    }, 100);
    while ((await heldAt(port)) < 2) await delay(10);
    while ((await heldAt(port)) > 0) await delay(50);
    clearInterval(reading);
    for (const socket of sockets) socket.destroy();
  }, 60_000);
});

test('what cannot be collected is an answer too', async () => {
  const registry = new Registry();
  const fail = (): never => {
    throw new Error('x');
  };
  new Gauge({ name: 'broken', help: 'x', registers: [registry], collect: fail });
  let port = 0;
  const logger = {
    ...silentLogger,
    info: (fields: object) => {
      ({ port } = fields as { port: number });
    },
  };
  const options = { registry, state: () => 'ready' as const, logger };
  server = await MetricsServer.start({ host: '127.0.0.1', port: 0 }, options);
  const answer = await ask(`http://127.0.0.1:${port}/metrics`);
  expect(answer).toMatchObject({ status: 500, body: 'the metrics could not be collected\n' });
});

test('a disk that cannot be looked at is of unknown size', async () => {
  const usage = await new StoreUsage('/nowhere/at/all').read();
  expect(usage).toEqual({ free: NaN, size: NaN, freeFiles: NaN });
  const [one, other] = await Promise.all([new StoreUsage('.').read(), new StoreUsage('.').read()]);
  expect(one.size).toBe(other.size);
});
