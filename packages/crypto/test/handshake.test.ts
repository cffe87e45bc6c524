import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  concatBytes,
  Identity,
  initiateHandshake,
  type Established,
  type Suite,
} from '../src/index.js';
import { nodeBackend } from '../src/backends/node/index.js';
import { backendPairs } from './support/backends.js';
import { byteByByte, cutAt, hex } from './support/bytes.js';
import { bothEstablished, converse } from './support/conversation.js';
import { errorOf, expectCode } from './support/errors.js';
import { clientSeed, makeClient, makeServer, serverSeed } from './support/parties.js';

function contentsOf(established: Established, bytes: Uint8Array): string[] {
  return Array.from(
    established.opener.receive(bytes),
    ({ type, plaintext }) => `${type} ${Buffer.from(plaintext).toString()}`,
  );
}

function expectWorking(client: Established, server: Established): void {
  expect(client.suite).toBe(server.suite);
  expect(client.channelBinding).toHaveLength(32);
  expect(hex(client.channelBinding)).toBe(hex(server.channelBinding));
  expect(hex(client.peerIdentity)).toBe(hex(new Identity(serverSeed).publicKey));
  expect(hex(server.peerIdentity)).toBe(hex(new Identity(clientSeed).publicKey));
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    const record = from.sealer.seal('message', [Buffer.from('hel'), Buffer.from('lo')]);
    expect(contentsOf(to, concatBytes(...record))).toEqual(['message hello']);
  }
}

describe.each(backendPairs)('client on %s, server on %s', (_client, _server, one, other) => {
  test.each([
    ['AES-256-GCM', [1]],
    ['ChaCha20-Poly1305', [2]],
    ['its own choice', undefined],
  ] as [string, Suite[] | undefined][])('a handshake with %s', (_suite, suites) => {
    const { client, server } = bothEstablished(
      converse(makeClient(one, suites), makeServer(other)),
    );
    expect(client.suite).toBe(suites?.[0] ?? 1);
    expectWorking(client, server);
  });

  test('a handshake byte by byte', () => {
    const { client, server } = bothEstablished(
      converse(makeClient(one), makeServer(other), byteByByte),
    );
    expectWorking(client, server);
  });

  test('a handshake in any pieces', () => {
    const arbitraryPlaces = fc.array(fc.nat({ max: 1300 }), { maxLength: 6 });
    fc.assert(
      fc.property(arbitraryPlaces, arbitraryPlaces, (toServer, toClient) => {
        const { client, server } = bothEstablished(
          converse(makeClient(one), makeServer(other), (sent, from) =>
            cutAt(sent, from === 'client' ? toServer : toClient),
          ),
        );
        expectWorking(client, server);
      }),
      { numRuns: 12 },
    );
  });
});

test.each([
  ['the first that the client offers', [2, 1], undefined, 2],
  ['the first that the server takes', [1, 2], [2], 2],
  ['the only one in common', [2], [1, 2], 2],
] as [string, Suite[], Suite[] | undefined, Suite][])(
  'the suite is %s',
  (_what, offered, supported, chosen) => {
    const { client, server } = bothEstablished(
      converse(makeClient(nodeBackend, offered), makeServer(nodeBackend, supported)),
    );
    expect(client.suite).toBe(chosen);
    expectWorking(client, server);
  },
);

test('suites that the server does not know are skipped, however many', () => {
  const server = makeServer(nodeBackend);
  server.start();
  const client = makeClient(nodeBackend, [...Array<number>(254).fill(0x77), 2] as Suite[]);
  expect(server.receive(client.start()).send).toHaveLength(1124 + 116);
});

test('what the client sends right behind ClientAuth comes out as the rest', () => {
  const client = makeClient(nodeBackend);
  const server = makeServer(nodeBackend);
  server.start();
  const flight = server.receive(client.start()).send;
  const { send, established } = client.receive(flight);
  const request = concatBytes(
    ...(established as Established).sealer.seal('message', [Buffer.from('PING')]),
  );
  const progress = server.receive(concatBytes(send, request));
  expect(hex(progress.rest)).toBe(hex(request));
  expect(contentsOf(progress.established as Established, progress.rest)).toEqual(['message PING']);
});

test('two handshakes of the same identities share nothing', () => {
  const [one, other] = [1, 2].map(() => converse(makeClient(nodeBackend), makeServer(nodeBackend)));
  const first = bothEstablished(one!);
  const second = bothEstablished(other!);
  expect(hex(first.client.channelBinding)).not.toBe(hex(second.client.channelBinding));
  const record = concatBytes(...first.client.sealer.seal('message', [Buffer.from('x')]));
  expectCode('authentication-failed', () => contentsOf(second.server, record));
});

test('a client without a suite to offer does not begin, and stays dead', () => {
  const client = makeClient(nodeBackend, []);
  expectCode('misuse', () => client.start());
  expectCode('misuse', () => client.start());
  expectCode('misuse', () => client.receive(new Uint8Array(1)));
});

test('a handshake begins once and ends once', () => {
  const client = makeClient(nodeBackend);
  const server = makeServer(nodeBackend);
  expectCode('misuse', () => server.receive(new Uint8Array(1)));
  expect(server.start()).toHaveLength(0);
  expectCode('misuse', () => server.start());
  const { send } = client.receive(server.receive(client.start()).send);
  expectCode('misuse', () => client.receive(new Uint8Array(0)));
  expect(server.receive(send).established).toBeDefined();
  expectCode('misuse', () => server.receive(send));
});

test('an empty piece changes nothing', () => {
  const client = makeClient(nodeBackend);
  const server = makeServer(nodeBackend);
  const empty = new Uint8Array(0);
  server.start();
  const hello = client.start();
  expect(server.receive(empty).send).toHaveLength(0);
  expect(client.receive(empty).send).toHaveLength(0);
  const { send } = client.receive(server.receive(hello).send);
  expect(server.receive(empty).established).toBeUndefined();
  expect(server.receive(send).established).toBeDefined();
});

test('the arrays that brought a message may be used again', () => {
  const server = makeServer(nodeBackend);
  server.start();
  const client = makeClient(nodeBackend);
  const hello = client.start();
  const buffer = new Uint8Array(100);
  let flight: Uint8Array = new Uint8Array(0);
  for (let start = 0; start < hello.length; start += 100) {
    const piece = hello.subarray(start, start + 100);
    buffer.set(piece);
    flight = server.receive(buffer.subarray(0, piece.length)).send;
    buffer.fill(0);
  }
  expect(errorOf(() => client.receive(flight))).toBeUndefined();
});

test('whoever says anything but true of a server has not accepted it', () => {
  for (const verdict of [false, undefined, 1, 'yes', {}, Promise.resolve(true)]) {
    const client = initiateHandshake({
      backend: nodeBackend,
      identity: new Identity(clientSeed),
      acceptServer: () => verdict as boolean,
    });
    const conversation = converse(client, makeServer(nodeBackend));
    expect(conversation.client.error?.code).toBe('untrusted-server');
  }
});
