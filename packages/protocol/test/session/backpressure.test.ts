import { describe, expect, test } from '@jest/globals';

import type { ServerResponse } from '../../src/index.js';
import { joinBytes, toHex } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';
import { connectAndWelcome, feed, makeClient, makeServer, welcome } from '../support/peers.js';

const ok: ServerResponse = { status: 200, text: 'OK', result: null, body: false };
const ping = { command: 'PING', args: {}, body: false };
const send = { command: 'SEND', args: {}, body: true };

function flipLast(bytes: Uint8Array): Uint8Array {
  const altered = bytes.slice();
  altered[altered.length - 1] = (altered.at(-1) as number) ^ 1;
  return altered;
}

describe('events are made one at a time', () => {
  test('nothing is read until the first is asked for', () => {
    const { server } = connectAndWelcome();
    const events = server.receive(new Uint8Array(100));
    expect(codeOf(() => events.next())).toBe('bad-message');
  });

  test('a record that does not open is found out only when its turn has come', () => {
    const { client, server } = connectAndWelcome();
    const good = joinBytes([...client.request(send), ...client.data([Uint8Array.of(1)])]);
    const bad = flipLast(joinBytes(client.data([Uint8Array.of(2)])));
    const events = server.receive(joinBytes([good, bad]));
    expect(events.next().value).toMatchObject({ type: 'request' });
    expect(server.unanswered).toBe(1);
    expect(events.next().value).toMatchObject({ type: 'data', bytes: { length: 1 } });
    expect(codeOf(() => events.next())).toBe('authentication-failed');
  });

  test('a request counts as unanswered only when it was told', () => {
    const { client, server } = connectAndWelcome();
    const asked = joinBytes([1, 2, 3].flatMap(() => client.request(ping)));
    const events = server.receive(asked);
    for (const count of [1, 2, 3]) {
      expect(events.next().value).toMatchObject({ type: 'request', request: { id: count } });
      expect(server.unanswered).toBe(count);
    }
    expect(events.next().done).toBe(true);
  });

  test('the answer to one request may be sent before the next is looked at', () => {
    const { client, server } = connectAndWelcome();
    const asked = joinBytes([1, 2, 3].flatMap(() => client.request(ping)));
    const told = [];
    for (const event of server.receive(asked)) {
      if (event.type !== 'request') throw new Error('a request should be told');
      told.push(...feed(client, server.respond(ok)));
      expect(server.unanswered).toBe(0);
    }
    expect(told).toHaveLength(3);
  });

  test('the client may ask while it is told', () => {
    const { client, server } = connectAndWelcome();
    feed(server, client.request(ping));
    const told = [];
    for (const event of client.receive(joinBytes(server.respond(ok)))) {
      told.push(event.type);
      expect(feed(server, client.request(ping))).toMatchObject([{ request: { id: 2 } }]);
    }
    expect(told).toEqual(['response']);
  });

  test('the client’s proof can be sent before anything behind the handshake is read', () => {
    const client = makeClient();
    const server = makeServer();
    const [answer] = feed(server, [client.start()]);
    if (answer?.type !== 'send') throw new Error('the server should answer');
    const events = client.receive(joinBytes([answer.bytes, new Uint8Array(50)]));
    const proof = events.next().value;
    if (proof?.type !== 'send') throw new Error('the client should answer');
    expect(feed(server, [proof.bytes])).toMatchObject([{ type: 'established' }]);
    expect(codeOf(() => client.request(ping))).toBe('misuse');
    expect(events.next().value).toMatchObject({ type: 'established' });
    expect(feed(server, client.request(ping))).toMatchObject([{ type: 'request' }]);
    expect(codeOf(() => events.next())).toBe('bad-message');
  });
});

describe('the order of a stream cannot be lost', () => {
  test('whoever stops in the middle cannot go on', () => {
    const { client, server } = connectAndWelcome();
    for (const event of server.receive(
      joinBytes([...client.request(ping), ...client.request(ping)]),
    )) {
      expect(event).toMatchObject({ type: 'request', request: { id: 1 } });
      break;
    }
    expect(codeOf(() => feed(server, client.request(ping)))).toBe('misuse');
    expect(codeOf(() => server.finish())).toBe('truncated');
  });

  test('whoever stops between proof and establishment cannot go on', () => {
    const client = makeClient();
    const server = makeServer();
    const [answer] = feed(server, [client.start()]);
    if (answer?.type !== 'send') throw new Error('the server should answer');
    for (const event of client.receive(answer.bytes)) {
      expect(event.type).toBe('send');
      break;
    }
    expect(codeOf(() => [...client.receive(Uint8Array.of(1))])).toBe('misuse');
    expect(codeOf(() => client.request(ping))).toBe('misuse');
  });

  test('bytes whose events nobody took are missed at the next record', () => {
    const { client, server } = connectAndWelcome();
    server.receive(joinBytes(client.request(ping)));
    expect(codeOf(() => feed(server, client.request(ping)))).toBe('authentication-failed');
  });
});

test('a body’s bytes are the receiver’s own', () => {
  const { client, server } = connectAndWelcome();
  const bytes = joinBytes([...client.request(send), ...client.data([Uint8Array.of(1, 2, 3)])]);
  const [, data] = feed(server, [bytes]);
  if (data?.type !== 'data') throw new Error('data should be told');
  bytes.fill(0);
  feed(server, client.data([new Uint8Array(3)]));
  expect([...data.bytes]).toEqual([1, 2, 3]);
});

test('a chunk can be used again once its events were taken', () => {
  const { client, server } = connectAndWelcome();
  const whole = joinBytes([...client.request(send), ...client.data([Uint8Array.of(1, 2, 3)])]);
  const chunk = new Uint8Array(7);
  const told: string[] = [];
  for (let at = 0; at < whole.length; at += chunk.length) {
    const length = Math.min(chunk.length, whole.length - at);
    chunk.set(whole.subarray(at, at + length));
    for (const event of server.receive(chunk.subarray(0, length))) {
      told.push(event.type === 'data' ? toHex(event.bytes) : event.type);
    }
  }
  expect(told).toEqual(['request', '010203']);
  feed(client, server.respond(ok));
  expect(codeOf(() => server.welcome(welcome))).toBe('misuse');
});
