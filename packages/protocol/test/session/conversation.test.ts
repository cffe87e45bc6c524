import { describe, expect, test } from '@jest/globals';

import { concatBytes } from '@e2eeftp/crypto';
import { nodeBackend } from '@e2eeftp/crypto/node';

import {
  ClientSession,
  type ClientEvent,
  type ServerEvent,
  type ServerResponse,
} from '../../src/index.js';
import { fromHex, toHex } from '../support/bytes.js';
import { summarize } from '../support/conversation.js';
import { codeOf } from '../support/errors.js';
import {
  clientBeforeRawServer,
  clientIdentity,
  connect,
  connectAndWelcome,
  feed,
  makeClient,
  makeServer,
  serverBeforeRawClient,
  serverIdentity,
  welcome,
} from '../support/peers.js';

const ok: ServerResponse = { status: 200, text: 'OK', result: null, body: false };
const ping = { command: 'PING', args: {}, body: false };
const send = { command: 'SEND', args: { path: 'received/a' }, body: true };

function types(events: readonly (ClientEvent | ServerEvent)[]): string[] {
  return events.map(({ type }) => type);
}

describe('the beginning', () => {
  test('each side learns who the other is, and both the same binding', () => {
    const client = makeClient();
    const server = makeServer();
    const [answer] = feed(server, [client.start()]);
    if (answer?.type !== 'send') throw new Error('the server should answer');
    const [proof, atClient] = feed(client, [answer.bytes]);
    if (proof?.type !== 'send' || atClient?.type !== 'established') throw new Error('not finished');
    const [atServer, ...more] = feed(server, [proof.bytes]);
    if (atServer?.type !== 'established') throw new Error('not finished');
    expect(more).toEqual([]);
    expect(toHex(atClient.facts.peerIdentity)).toBe(toHex(serverIdentity.publicKey));
    expect(toHex(atServer.facts.peerIdentity)).toBe(toHex(clientIdentity.publicKey));
    expect(toHex(atClient.facts.channelBinding)).toBe(toHex(atServer.facts.channelBinding));
    expect(atClient.facts.suite).toBe(atServer.facts.suite);
  });

  test('the client is welcomed', () => {
    const { client, server } = connect();
    expect(feed(client, server.welcome(welcome))).toEqual([{ type: 'welcome', welcome }]);
  });

  test('a client that is not known is told so, and no more', () => {
    const { client, server } = connect();
    const close = { status: 403, text: 'Not allowed' };
    expect(feed(client, server.close(close))).toEqual([{ type: 'close', close }]);
    client.finish();
    expect(codeOf(() => server.welcome(welcome))).toBe('misuse');
  });

  test('requests may come right behind the client’s proof, in the same bytes', () => {
    const client = makeClient();
    const server = makeServer();
    const [answer] = feed(server, [client.start()]);
    if (answer?.type !== 'send') throw new Error('the server should answer');
    const [proof] = feed(client, [answer.bytes]);
    if (proof?.type !== 'send') throw new Error('the client should answer');
    const asked = [
      ...client.request(ping),
      ...client.request(send),
      ...client.end({ ok: true, size: 0 }),
    ];
    expect(types(feed(server, [proof.bytes, ...asked]))).toEqual([
      'established',
      'request',
      'request',
      'end',
    ]);
    const answers = [...server.welcome(welcome), ...server.respond(ok), ...server.respond(ok)];
    expect(types(feed(client, answers))).toEqual(['welcome', 'response', 'response']);
  });

  test('a server that the client does not accept learns nothing about it', () => {
    const client = new ClientSession({
      backend: nodeBackend,
      identity: clientIdentity,
      acceptServer: (identity) => toHex(identity) === toHex(clientIdentity.publicKey),
    });
    const [answer] = feed(makeServer(), [client.start()]);
    if (answer?.type !== 'send') throw new Error('the server should answer');
    expect(codeOf(() => client.receive(answer.bytes).next())).toBe('untrusted-server');
    expect(codeOf(() => client.request(ping))).toBe('misuse');
    expect(client.close()).toEqual([]);
    expect(codeOf(() => client.finish())).toBe('truncated');
  });
});

describe('requests and answers', () => {
  test('are numbered from 1 and answered in order', () => {
    const { client, server } = connectAndWelcome();
    const asked = [1, 2, 3].flatMap((n) => client.request({ ...ping, args: { n } }));
    expect(feed(server, asked)).toEqual(
      [1, 2, 3].map((n) => ({ type: 'request', request: { ...ping, id: n, args: { n } } })),
    );
    expect([client.unanswered, server.unanswered]).toEqual([3, 3]);
    for (const id of [1, 2, 3]) {
      const events = feed(client, server.respond({ ...ok, result: { n: id } }));
      expect(events).toEqual([{ type: 'response', response: { ...ok, id, result: { n: id } } }]);
      expect([client.unanswered, server.unanswered]).toEqual([3 - id, 3 - id]);
    }
  });

  test('a thousand requests may be under way', () => {
    const { client, server } = connectAndWelcome();
    const asked = Array.from({ length: 1000 }, () => client.request(ping)).flat();
    expect(feed(server, asked)).toHaveLength(1000);
    const answered = Array.from({ length: 1000 }, (_, n) =>
      server.respond({ ...ok, result: n }),
    ).flat();
    const results = feed(client, answered).map((event) =>
      event.type === 'response' ? [event.response.id, event.response.result] : [],
    );
    expect(results).toEqual(Array.from({ length: 1000 }, (_, n) => [n + 1, n]));
  });

  test('the server answers with the ids that the client chose', () => {
    const { server, peer } = serverBeforeRawClient();
    expect([...peer.opener.receive(concatBytes(...server.welcome(welcome)))]).toHaveLength(1);
    for (const id of [7, 3, 3, 0, Number.MAX_SAFE_INTEGER]) {
      const hex = { 7: '07', 3: '03', 0: '00' }[id] ?? '1b001fffffffffffff';
      const request = fromHex(
        `a4 626964${hex} 6461726773a0 64626f6479f4 67636f6d6d616e6464 50494e47`,
      );
      expect(types(feed(server, peer.sealer.seal('message', [request])))).toEqual(['request']);
      const [record] = [...peer.opener.receive(concatBytes(...server.respond(ok)))];
      expect(toHex(record?.plaintext ?? new Uint8Array(0)).includes(`626964${hex}`)).toBe(true);
    }
  });
});

describe('bodies', () => {
  test('go up and down, each with its end', () => {
    const { client, server } = connectAndWelcome();
    const bytes = new Uint8Array(1_048_576).map((_, index) => index % 251);
    const up = [
      ...client.request(send),
      ...client.data([bytes]),
      ...client.data([bytes.subarray(0, 10), bytes.subarray(10, 1000)]),
      ...client.end({ ok: true, size: 1_049_576 }),
    ];
    const atServer = feed(server, up).map(summarize);
    expect(atServer).toEqual([
      { type: 'request', request: { ...send, id: 1 } },
      { type: 'data', bytes: toHex(bytes), length: 1_048_576 },
      { type: 'data', bytes: toHex(bytes.subarray(0, 1000)), length: 1000 },
      { type: 'end', end: { ok: true, size: 1_049_576 } },
    ]);
    feed(client, server.respond(ok));

    feed(server, client.request({ ...ping, command: 'GET' }));
    const down = [
      ...server.respond({ ...ok, status: 206, body: true }),
      ...server.data([bytes]),
      ...server.end({ ok: false, text: 'The disk failed' }),
    ];
    expect(feed(client, down).map(summarize)).toEqual([
      { type: 'response', response: { ...ok, id: 2, status: 206, body: true } },
      { type: 'data', bytes: toHex(bytes), length: 1_048_576 },
      { type: 'end', end: { ok: false, text: 'The disk failed' } },
    ]);
  });

  test('go both ways at once', () => {
    const { client, server } = connectAndWelcome();
    feed(server, client.request({ ...ping, command: 'GET' }));
    feed(server, client.request(send));
    feed(client, server.respond({ ...ok, body: true }));
    for (let round = 0; round < 3; round++) {
      expect(types(feed(client, server.data([Uint8Array.of(round)])))).toEqual(['data']);
      expect(types(feed(server, client.data([Uint8Array.of(round)])))).toEqual(['data']);
    }
    expect(types(feed(server, client.end({ ok: true, size: 3 })))).toEqual(['end']);
    expect(types(feed(client, server.end({ ok: true, size: 3 })))).toEqual(['end']);
    expect(types(feed(client, server.respond(ok)))).toEqual(['response']);
  });

  test('may be empty, with or without data', () => {
    const { client, server } = connectAndWelcome();
    const none = [...client.request(send), ...client.end({ ok: true, size: 0 })];
    expect(types(feed(server, none))).toEqual(['request', 'end']);
    const empty = [
      ...client.request(send),
      ...client.data([]),
      ...client.data([new Uint8Array(0)]),
      ...client.end({ ok: true, size: 0 }),
    ];
    expect(feed(server, empty).map(summarize).slice(1, 3)).toEqual([
      { type: 'data', bytes: '', length: 0 },
      { type: 'data', bytes: '', length: 0 },
    ]);
  });

  test('an upload refused midway is given up, and the connection goes on', () => {
    const { client, server } = connectAndWelcome();
    feed(server, [...client.request(send), ...client.data([Uint8Array.of(1)])]);
    const [refusal] = feed(client, server.respond({ ...ok, status: 507, text: 'Out of space' }));
    expect(refusal).toMatchObject({ type: 'response', response: { id: 1, status: 507 } });
    const given = [
      ...client.data([Uint8Array.of(2)]),
      ...client.end({ ok: false, text: 'Refused' }),
    ];
    expect(types(feed(server, given))).toEqual(['data', 'end']);
    expect([client.unanswered, server.unanswered]).toEqual([0, 0]);

    const next = [...client.request(send), ...client.end({ ok: true, size: 0 })];
    expect(types(feed(server, next))).toEqual(['request', 'end']);
    expect(feed(client, server.respond({ ...ok, status: 226 }))).toMatchObject([
      { type: 'response', response: { id: 2, status: 226 } },
    ]);
  });

  test('a body lasts through changes of the key', () => {
    const { server, peer } = serverBeforeRawClient();
    const request = fromHex('a4 62696401 6461726773a0 64626f6479f5 67636f6d6d616e646453454e44');
    const bytes = [
      ...peer.sealer.update(),
      ...peer.sealer.seal('message', [request]),
      ...peer.sealer.update(),
      ...peer.sealer.seal('data', [Uint8Array.of(1)]),
      ...peer.sealer.update(),
      ...peer.sealer.update(),
      ...peer.sealer.seal('end', [fromHex('a2626f6bf56473697a6501')]),
      ...peer.sealer.update(),
      ...peer.sealer.seal('close', [fromHex('a264746578746066737461747573 18c8')]),
    ];
    expect(types(feed(server, bytes))).toEqual(['request', 'data', 'end', 'close']);
    server.finish();
  });
});

describe('closing', () => {
  test('a client that closed is owed its answers still', () => {
    const { client, server } = connectAndWelcome();
    const last = [
      ...client.request(ping),
      ...client.request({ ...ping, command: 'GET' }),
      ...client.close(),
    ];
    expect(types(feed(server, last))).toEqual(['request', 'request', 'close']);
    server.finish();
    const answers = [
      ...server.respond(ok),
      ...server.respond({ ...ok, body: true }),
      ...server.data([Uint8Array.of(1)]),
      ...server.end({ ok: true, size: 1 }),
      ...server.close({ status: 200, text: '' }),
    ];
    expect(types(feed(client, answers))).toEqual(['response', 'response', 'data', 'end', 'close']);
    client.finish();
  });

  test('may happen in the middle of a body, whose end is then missing', () => {
    const { client, server } = connectAndWelcome();
    feed(server, [...client.request(send), ...client.data([Uint8Array.of(1)])]);
    expect(types(feed(server, client.close()))).toEqual(['close']);
    server.finish();

    const other = connectAndWelcome();
    feed(other.server, other.client.request(ping));
    feed(other.client, other.server.respond({ ...ok, body: true }));
    const close = { status: 503, text: 'Shutting down' };
    const bytes = [...other.server.data([Uint8Array.of(1)]), ...other.server.close(close)];
    expect(feed(other.client, bytes).map(summarize)).toEqual([
      { type: 'data', bytes: '01', length: 1 },
      { type: 'close', close },
    ]);
    other.client.finish();
  });

  test('is said once', () => {
    const { client, server } = connectAndWelcome();
    expect(client.close()).not.toHaveLength(0);
    expect(client.close()).toHaveLength(0);
    expect(server.close({ status: 200, text: '' })).not.toHaveLength(0);
    expect(server.close({ status: 500, text: '' })).toHaveLength(0);
  });

  test('before the handshake is finished, nothing is said', () => {
    expect(makeClient().close()).toEqual([]);
    expect(makeServer().close({ status: 503, text: '' })).toEqual([]);
  });

  test('a stream that ends without it was cut', () => {
    const { client, server } = connectAndWelcome();
    expect(codeOf(() => client.finish())).toBe('truncated');
    expect(codeOf(() => server.finish())).toBe('truncated');
    expect(codeOf(() => makeClient().finish())).toBe('truncated');
    expect(codeOf(() => makeServer().finish())).toBe('truncated');
  });

  test('one side’s close is not the other’s', () => {
    const { client, server } = connectAndWelcome();
    feed(server, client.close());
    expect(codeOf(() => client.finish())).toBe('truncated');
    server.finish();
  });

  test('a client that was told to go can still be answered by nobody', () => {
    const { client, peer } = clientBeforeRawServer();
    const close = fromHex('a264746578746066737461747573 19 0193');
    expect(types(feed(client, peer.sealer.seal('close', [close])))).toEqual(['close']);
    expect(codeOf(() => feed(client, [Uint8Array.of(2)]))).toBe('malformed');
  });
});
