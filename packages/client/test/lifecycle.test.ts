import { MemoryStore, Server } from '@e2eeftp/server';
import { connectTcp, TransportError, type Transport } from '@e2eeftp/transport';
import { afterEach, describe, expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

import { connect, Identity, type Client } from '../src/index.js';
import { failureOf } from './home/support.js';
import { connectTo, scripted } from './support/scripted-server.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';
import { startPair } from './tree/support.js';

expectNoUnhandledRejections();

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const identity = Identity.generate();

async function startServer(port = 0, known = true): Promise<Server> {
  const server = new Server({
    identity,
    authorizer: {
      authorize: async (who) =>
        known ? { identity: who, name: undefined, access: 'rw' } : undefined,
    },
    store: new MemoryStore(),
  });
  servers.push(server);
  await server.start({ port });
  return server;
}

/** A client that counts its connections. */
async function connectCounting(server: Server): Promise<{ client: Client; opened: () => number }> {
  let opened = 0;
  const { host, port } = server.address;
  const client = await connect({
    connections: 1,
    retries: 0,
    identity: Identity.generate(),
    server: identity.publicKey,
    openTransport: (signal): Promise<Transport> => {
      opened += 1;
      return connectTcp({ host, port, timeout: 5000, signal });
    },
  });
  return { client, opened: () => opened };
}

describe('a connection that ended', () => {
  test('is replaced at the next operation, once the server is back', async () => {
    const first = await startServer();
    const { client, opened } = await connectCounting(first);
    await client.ping();
    await first.close();
    const failure = await failureOf(client.ping());
    expect(failure.code).toMatch(/^(?:unreachable|disconnected|shutting-down)$/u);
    expect((await failureOf(client.ping())).code).toBe('unreachable');
    await startServer(first.address.port);
    await client.ping();
    const before = opened();
    await client.ping();
    expect(opened()).toBe(before);
    await client.close();
  });

  test.each([
    [1, 1],
    // A hundred at once are worth more than one, and no more than were allowed.
    [3, 3],
  ])('is replaced by at most %i, however many operations wait', async (connections, most) => {
    let opened = 0;
    const { options } = scripted(
      async (server) => {
        await server.welcome();
        await server.request();
        await server.say({ status: 503, text: '' });
      },
      async (server) => {
        opened += 1;
        await server.welcome();
        await server.behave();
      },
    );
    const client = await connect({ ...options, connections });
    await failureOf(client.ping());
    await Promise.all(Array.from({ length: 100 }, () => client.ping()));
    expect(opened).toBe(most);
    await client.close();
  });

  test('is not replaced by one to another server', async () => {
    const first = await startServer();
    const client = await connect({
      connections: 1,
      retries: 0,
      port: first.address.port,
      identity: Identity.generate(),
      server: identity.publicKey,
    });
    await first.close();
    const other = new Server({
      identity: Identity.generate(),
      authorizer: { authorize: async () => undefined },
      store: new MemoryStore(),
    });
    servers.push(other);
    await other.start({ port: first.address.port });
    await failureOf(client.ping());
    expect((await failureOf(client.ping())).code).toBe('changed-server');
    await client.close();
  });
});

describe('connect', () => {
  test('says when nothing listens there', async () => {
    const server = await startServer();
    const { port } = server.address;
    await server.close();
    const connecting = connect({
      port,
      identity: Identity.generate(),
      server: identity.publicKey,
    });
    expect((await failureOf(connecting)).code).toBe('unreachable');
  });

  test('says when the server does not know the client', async () => {
    const { port } = (await startServer(0, false)).address;
    const connecting = connect({
      port,
      identity: Identity.generate(),
      server: identity.publicKey,
    });
    expect((await failureOf(connecting)).code).toBe('not-authorized');
  });

  test('says what the way to the server fails with', async () => {
    const connecting = connect({
      identity: Identity.generate(),
      server: identity.publicKey,
      openTransport: () => Promise.reject(new TransportError('unavailable', 'no way')),
    });
    expect((await failureOf(connecting)).code).toBe('unreachable');
  });
});

describe('close', () => {
  test('waits for what was asked before', async () => {
    const { client } = await startPair();
    await client.send(Buffer.from('abc'), 'received/a');
    const target = new PassThrough();
    target.resume();
    const operations = [client.ping(), client.get('received/a', target), client.stat('received/a')];
    await Promise.all([client.close(), ...operations]);
  });

  test('refuses what is asked behind it, and may be called again', async () => {
    const { client } = await startPair();
    const closing = client.close();
    expect((await failureOf(client.ping())).code).toBe('closed');
    await Promise.all([closing, client.close()]);
    expect((await failureOf(client.send(Buffer.from('a'), 'received/a'))).code).toBe('closed');
    expect((await failureOf(client.list('received').next())).code).toBe('closed');
  });

  test('leaves nothing behind after an await using block', async () => {
    const { client, server } = await startPair();
    const use = async (): Promise<void> => {
      await using mine = client;
      await mine.ping();
    };
    await use();
    expect((await failureOf(client.ping())).code).toBe('closed');
    expect(server.connections).toBe(0);
  });

  test('ends a connection that is being opened, and that nobody waits for any more', async () => {
    let hasLeft = false;
    const { options, opened } = scripted(
      async (server) => {
        await server.welcome();
        await server.request();
        await server.say({ status: 503, text: '' });
      },
      async (server) => {
        try {
          while (await server.transport.read());
        } finally {
          hasLeft = true;
        }
      },
    );
    const client = await connect(options);
    await failureOf(client.ping());
    const controller = new AbortController();
    const pinging = failureOf(client.ping({ signal: controller.signal }));
    const closing = client.close();
    controller.abort();
    expect((await pinging).code).toBe('aborted');
    await closing;
    await setImmediate();
    expect({ opened: opened(), hasLeft }).toEqual({ opened: 2, hasLeft: true });
  });

  test('waits no longer for a connection that is being opened than its timeout allows', async () => {
    const { options, opened } = scripted(
      async (server) => {
        await server.welcome();
        await server.request();
        await server.say({ status: 503, text: '' });
      },
      async () => undefined,
    );
    const client = await connect({ ...options, timeouts: { handshake: 100, progress: 100 } });
    await failureOf(client.ping());
    const pinging = failureOf(client.ping());
    await client.close();
    expect((await pinging).code).toBe('timed-out');
    expect(opened()).toBe(2);
  });

  test('does not outlive a server that is gone', async () => {
    const client = await connectTo(async (server) => {
      await server.request();
      server.transport.destroy();
    });
    const pinging = failureOf(client.ping());
    await client.close();
    expect((await pinging).code).toBe('disconnected');
  });
});
