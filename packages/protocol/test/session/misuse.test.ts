import { describe, expect, test } from '@jest/globals';

import {
  encodeCbor,
  limits,
  type ClientEvent,
  type ServerEvent,
  type ServerResponse,
} from '../../src/index.js';
import { codeOf, failureOf } from '../support/errors.js';
import {
  clientBeforeRawServer,
  connect,
  connectAndWelcome,
  feed,
  makeClient,
  makeServer,
  serverBeforeRawClient,
  welcome,
} from '../support/peers.js';

const ok: ServerResponse = { status: 200, text: 'OK', result: null, body: false };
const ping = { command: 'PING', args: {}, body: false };
const send = { command: 'SEND', args: { path: 'received/a' }, body: true };
const whole = { ok: true, size: 1 } as const;
const tooMuch = new Uint8Array(limits.record + 1);

function types(events: readonly (ClientEvent | ServerEvent)[]): string[] {
  return events.map(({ type }) => type);
}

/** The same connection still does everything. */
function expectUsable({ client, server }: ReturnType<typeof connect>): void {
  const asked = [...client.request(send), ...client.data([Uint8Array.of(1)]), ...client.end(whole)];
  expect(types(feed(server, asked))).toEqual(['request', 'data', 'end']);
  const answered = [
    ...server.respond({ ...ok, body: true }),
    ...server.data([Uint8Array.of(1)]),
    ...server.end(whole),
  ];
  expect(types(feed(client, answered))).toEqual(['response', 'data', 'end']);
}

describe('before the handshake is finished', () => {
  test.each([
    ['request', () => makeClient().request(ping)],
    ['data', () => makeClient().data([])],
    ['end', () => makeClient().end(whole)],
  ])('a client cannot call %s', (_name, call) => {
    expect(failureOf(call)).toBe('ProtocolError misuse');
  });

  test.each([
    ['welcome', () => makeServer().welcome(welcome)],
    ['respond', () => makeServer().respond(ok)],
    ['data', () => makeServer().data([])],
    ['end', () => makeServer().end(whole)],
  ])('a server cannot call %s', (_name, call) => {
    expect(failureOf(call)).toBe('ProtocolError misuse');
  });

  test('a client starts once, and first', () => {
    const client = makeClient();
    expect(codeOf(() => [...client.receive(Uint8Array.of(1))])).toBe('misuse');
    client.start();
    expect(codeOf(() => client.start())).toBe('misuse');
  });

  test('trying too early harms nothing', () => {
    const client = makeClient();
    const server = makeServer();
    expect(codeOf(() => client.request(ping))).toBe('misuse');
    const [answer] = feed(server, [client.start()]);
    expect(codeOf(() => client.request(ping))).toBe('misuse');
    expect(codeOf(() => server.welcome(welcome))).toBe('misuse');
    if (answer?.type !== 'send') throw new Error('the server should answer');
    const [proof] = feed(client, [answer.bytes]);
    if (proof?.type !== 'send') throw new Error('the client should answer');
    feed(server, [proof.bytes]);
    feed(client, server.welcome(welcome));
    expectUsable({ client, server });
  });
});

describe('out of order', () => {
  test('a client has nothing to send data for', () => {
    const both = connectAndWelcome();
    expect(codeOf(() => both.client.data([Uint8Array.of(1)]))).toBe('misuse');
    expect(codeOf(() => both.client.end(whole))).toBe('misuse');
    feed(both.server, both.client.request(ping));
    expect(codeOf(() => both.client.data([]))).toBe('misuse');
    feed(both.client, both.server.respond(ok));
    expectUsable(both);
  });

  test('a client ends a body before it asks again', () => {
    const both = connectAndWelcome();
    feed(both.server, both.client.request(send));
    expect(codeOf(() => both.client.request(ping))).toBe('misuse');
    expect(both.client.unanswered).toBe(1);
    expect(types(feed(both.server, both.client.data([Uint8Array.of(1)])))).toEqual(['data']);
    expect(types(feed(both.server, both.client.end(whole)))).toEqual(['end']);
    expect(codeOf(() => both.client.end(whole))).toBe('misuse');
    feed(both.client, both.server.respond(ok));
    expectUsable(both);
  });

  test('a server has nothing to answer', () => {
    const both = connectAndWelcome();
    expect(codeOf(() => both.server.respond(ok))).toBe('misuse');
    feed(both.server, both.client.request(ping));
    feed(both.client, both.server.respond(ok));
    expect(codeOf(() => both.server.respond(ok))).toBe('misuse');
    expect(codeOf(() => both.server.data([]))).toBe('misuse');
    expect(codeOf(() => both.server.end(whole))).toBe('misuse');
    expectUsable(both);
  });

  test('a server ends a body before it answers again', () => {
    const both = connectAndWelcome();
    feed(both.server, [...both.client.request(ping), ...both.client.request(ping)]);
    feed(both.client, both.server.respond({ ...ok, body: true }));
    expect(codeOf(() => both.server.respond(ok))).toBe('misuse');
    expect(both.server.unanswered).toBe(1);
    expect(types(feed(both.client, both.server.end(whole)))).toEqual(['end']);
    expect(types(feed(both.client, both.server.respond(ok)))).toEqual(['response']);
    expectUsable(both);
  });

  test('a server welcomes once, and before it answers', () => {
    const both = connect();
    feed(both.server, both.client.request(ping));
    expect(codeOf(() => both.server.respond(ok))).toBe('misuse');
    feed(both.client, both.server.welcome(welcome));
    expect(codeOf(() => both.server.welcome(welcome))).toBe('misuse');
    expect(types(feed(both.client, both.server.respond(ok)))).toEqual(['response']);
    expectUsable(both);
  });

  test('nothing is said behind the last word', () => {
    const { client, server } = connectAndWelcome();
    feed(server, client.request(ping));
    feed(server, client.close());
    expect(codeOf(() => client.request(ping))).toBe('misuse');
    expect(codeOf(() => client.data([]))).toBe('misuse');
    feed(client, server.close({ status: 503, text: 'Shutting down' }));
    expect(codeOf(() => server.respond(ok))).toBe('misuse');
    expect(codeOf(() => server.data([]))).toBe('misuse');
    expect(codeOf(() => server.end(whole))).toBe('misuse');
    client.finish();
    server.finish();
  });
});

describe('what cannot be sent', () => {
  test('a request over 65,536 bytes is refused, and one of 65,536 is not', () => {
    const both = connectAndWelcome();
    const overhead =
      encodeCbor({ id: 1, ...ping, args: { fill: new Uint8Array(65_000) } }).length - 65_000;
    const most = { ...ping, args: { fill: new Uint8Array(65_536 - overhead) } };
    const over = { ...ping, args: { fill: new Uint8Array(65_537 - overhead) } };
    expect(codeOf(() => both.client.request(over))).toBe('misuse');
    expect(both.client.unanswered).toBe(0);
    const bytes = both.client.request(most);
    expect(bytes.reduce((sum, part) => sum + part.length, 0)).toBe(4 + 65_536 + 16);
    expect(feed(both.server, bytes)).toMatchObject([{ type: 'request', request: { id: 1 } }]);
    feed(both.client, both.server.respond(ok));
    expectUsable(both);
  });

  test('a client that sends a longer one is cut off, since it did not keep to the limit', () => {
    const { server, peer } = serverBeforeRawClient();
    const overhead =
      encodeCbor({ id: 1, ...ping, args: { fill: new Uint8Array(65_000) } }).length - 65_000;
    const plaintext = (size: number): Uint8Array =>
      encodeCbor({ id: 1, ...ping, args: { fill: new Uint8Array(size - overhead) } });
    expect(plaintext(65_536)).toHaveLength(65_536);
    expect(types(feed(server, peer.sealer.seal('message', [plaintext(65_536)])))).toEqual([
      'request',
    ]);
    const over = peer.sealer.seal('message', [plaintext(65_537)]);
    expect(failureOf(() => feed(server, over))).toBe('ProtocolError malformed');
  });

  test('an answer that does not fit into a record can be replaced by one that does', () => {
    const both = connectAndWelcome();
    feed(both.server, [...both.client.request(ping), ...both.client.request(ping)]);
    expect(codeOf(() => both.server.respond({ ...ok, result: tooMuch }))).toBe('misuse');
    expect(codeOf(() => both.server.respond({ ...ok, result: tooMuch, body: true }))).toBe(
      'misuse',
    );
    expect(both.server.unanswered).toBe(2);
    const failed = { ...ok, status: 500, text: 'Internal error' };
    expect(feed(both.client, both.server.respond(failed))).toMatchObject([
      { type: 'response', response: { id: 1, status: 500 } },
    ]);
    feed(both.client, both.server.respond(ok));
    expectUsable(both);
  });

  test('an answer that just fits arrives, also from another implementation', () => {
    const { client, peer } = clientBeforeRawServer();
    feed(client, peer.sealer.seal('message', [encodeCbor(welcome)]));
    client.request(ping);
    const overhead = encodeCbor({ id: 1, ...ok, result: new Uint8Array(70_000) }).length - 70_000;
    const result = new Uint8Array(limits.record - overhead);
    const plaintext = encodeCbor({ id: 1, ...ok, result });
    expect(plaintext).toHaveLength(limits.record);
    expect(types(feed(client, peer.sealer.seal('message', [plaintext])))).toEqual(['response']);

    const both = connectAndWelcome();
    feed(both.server, both.client.request(ping));
    expect(
      codeOf(() => both.server.respond({ ...ok, result: new Uint8Array(result.length + 1) })),
    ).toBe('misuse');
    expect(types(feed(both.client, both.server.respond({ ...ok, result })))).toEqual(['response']);
    expectUsable(both);
  });

  test('more data than a record holds can be cut and sent', () => {
    const both = connectAndWelcome();
    feed(both.server, both.client.request(send));
    expect(codeOf(() => both.client.data([tooMuch]))).toBe('misuse');
    expect(codeOf(() => both.client.data([tooMuch.subarray(1), Uint8Array.of(1)]))).toBe('misuse');
    const cut = [
      ...both.client.data([tooMuch.subarray(1)]),
      ...both.client.data([Uint8Array.of(1)]),
    ];
    expect(types(feed(both.server, [...cut, ...both.client.end(whole)]))).toEqual([
      'data',
      'data',
      'end',
    ]);
    feed(both.client, both.server.respond(ok));
    expectUsable(both);
  });

  test('an end that cannot be said leaves the body as it is', () => {
    const both = connectAndWelcome();
    feed(both.server, both.client.request(send));
    for (const size of [-1, 0.5, NaN, 2 ** 53]) {
      expect(codeOf(() => both.client.end({ ok: true, size }))).toBe('misuse');
    }
    expect(codeOf(() => both.client.end({ ok: false, text: 'x'.repeat(limits.text + 1) }))).toBe(
      'misuse',
    );
    expect(codeOf(() => both.client.end({ ok: false, text: '\uD800' }))).toBe('misuse');
    expect(types(feed(both.server, both.client.data([Uint8Array.of(1)])))).toEqual(['data']);
    expect(types(feed(both.server, both.client.end(whole)))).toEqual(['end']);
    feed(both.client, both.server.respond(ok));
    expectUsable(both);
  });

  test('a close that cannot be said closes nothing', () => {
    const both = connectAndWelcome();
    expect(codeOf(() => both.server.close({ status: 7, text: '' }))).toBe('misuse');
    expect(codeOf(() => both.server.close({ status: 500, text: '\uDFFF' }))).toBe('misuse');
    expectUsable(both);
    expect(
      types(feed(both.client, both.server.close({ status: 500, text: 'Internal error' }))),
    ).toEqual(['close']);
  });

  test('values that the protocol does not know cost nothing but the call', () => {
    const both = connectAndWelcome();
    for (const args of [
      { size: 0.1 },
      { path: '\uD800' },
      { '\uD800': 1 },
      { a: [[[[[[[[1]]]]]]]] },
    ]) {
      expect(codeOf(() => both.client.request({ ...ping, args }))).toBe('misuse');
    }
    expect(codeOf(() => both.client.request({ ...send, command: 'C'.repeat(65) }))).toBe('misuse');
    expect(both.client.unanswered).toBe(0);
    feed(both.server, both.client.request(ping));
    for (const answer of [
      { ...ok, status: 0 },
      { ...ok, result: 0.5 },
      { ...ok, text: 'x'.repeat(1025) },
    ]) {
      expect(codeOf(() => both.server.respond(answer))).toBe('misuse');
      expect(codeOf(() => both.server.respond({ ...answer, body: true }))).toBe('misuse');
    }
    feed(both.client, both.server.respond(ok));
    expectUsable(both);
  });
});
