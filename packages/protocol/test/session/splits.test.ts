import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { everyByte, splitAt, toHex } from '../support/bytes.js';
import {
  converse,
  handshakeLength,
  replayToClient,
  replayToServer,
  type Conversation,
  type Outcome,
} from '../support/conversation.js';
import { codeOf } from '../support/errors.js';

let conversation: Conversation;

interface Side {
  readonly stream: Uint8Array;
  readonly expected: Conversation['atClient'];
  readonly handshake: number;
  replay(
    pieces: readonly Uint8Array[],
    afterPiece?: (session: { finish(): void }) => void,
  ): Outcome;
}

const sides: Readonly<Record<'client' | 'server', () => Side>> = {
  client: () => ({
    stream: conversation.fromServer,
    expected: conversation.atClient,
    handshake: handshakeLength.fromServer,
    replay: (pieces, afterPiece) => replayToClient(conversation, pieces, afterPiece),
  }),
  server: () => ({
    stream: conversation.fromClient,
    expected: conversation.atServer,
    handshake: handshakeLength.fromClient,
    replay: (pieces, afterPiece) => replayToServer(conversation, pieces, afterPiece),
  }),
};

beforeAll(() => {
  conversation = converse();
});

test('the conversation that is replayed holds every kind of event', () => {
  const kinds = (events: Conversation['atClient']): string[] =>
    [...new Set(events.map(({ type }) => type))].sort();
  expect(kinds(conversation.atClient)).toEqual([
    'close',
    'data',
    'end',
    'established',
    'response',
    'send',
    'welcome',
  ]);
  expect(kinds(conversation.atServer)).toEqual([
    'close',
    'data',
    'end',
    'established',
    'request',
    'send',
  ]);
});

describe.each(['client', 'server'] as const)('what the %s reads', (role) => {
  test('gives the same events when it comes at once', () => {
    const { stream, expected, replay } = sides[role]();
    expect(replay([stream])).toEqual({ events: expected, failure: undefined });
  });

  test('gives the same events when it comes byte by byte, and is cut short before every byte', () => {
    const { stream, expected, replay } = sides[role]();
    let fed = 0;
    const outcome = replay(everyByte(stream), (session) => {
      fed += 1;
      if (fed < stream.length)
        expect([fed, codeOf(() => session.finish())]).toEqual([fed, 'truncated']);
    });
    expect(fed).toBe(stream.length);
    expect(outcome).toEqual({ events: expected, failure: undefined });
  });

  test('gives the same events however it is split', () => {
    const { stream, expected, replay } = sides[role]();
    fc.assert(
      fc.property(fc.array(fc.nat({ max: stream.length }), { maxLength: 40 }), (cuts) => {
        expect(replay(splitAt(stream, cuts))).toEqual({ events: expected, failure: undefined });
      }),
      { numRuns: 100 },
    );
  });

  test('gives the same events when empty pieces come between', () => {
    const { stream, expected, replay } = sides[role]();
    const pieces = splitAt(stream, [
      100,
      100,
      1200,
      1300,
      1300,
      1300,
      stream.length,
      stream.length,
    ]);
    expect(replay([new Uint8Array(0), ...pieces])).toEqual({
      events: expected,
      failure: undefined,
    });
  });

  test('never ends well when it was cut, in whatever pieces it came', () => {
    const { stream, expected, replay } = sides[role]();
    const cut = fc.nat({ max: stream.length - 1 });
    fc.assert(
      fc.property(cut, fc.array(cut, { maxLength: 5 }), (length, cuts) => {
        const { events, failure } = replay(splitAt(stream.subarray(0, length), cuts));
        expect(failure).toMatchObject({ name: 'ProtocolError', code: 'truncated' });
        expect(events).toEqual(expected.slice(0, events.length));
        expect(events.length).toBeLessThan(expected.length);
      }),
      { numRuns: 100 },
    );
  });

  test('ends when a bit of a record was flipped, without an event of that record', () => {
    const { stream, expected, handshake, replay } = sides[role]();
    const records = recordsOf(stream, handshake);
    const anywhere = fc.integer({ min: handshake, max: stream.length - 1 });
    const inHeader = fc
      .constantFrom(...records)
      .chain(({ start }) => fc.integer({ min: start, max: start + 3 }));
    const bit = fc.integer({ min: 0, max: 7 });
    fc.assert(
      fc.property(fc.oneof(anywhere, inHeader), bit, (place, flipped) => {
        const altered = stream.slice();
        altered[place] = (altered[place] as number) ^ (1 << flipped);
        const whole = records.filter(({ end }) => end <= place).length;
        const { events, failure } = replay([altered]);
        expect(failure).toMatchObject({ code: expect.stringMatching(refusals) });
        expect(events).toEqual(expected.slice(0, firstRecordEvent[role] + whole));
      }),
      { numRuns: 150 },
    );
  });

  test('ends when a bit of the handshake was flipped, and nothing is established', () => {
    const { stream, handshake, replay } = sides[role]();
    const place = fc.integer({ min: 0, max: handshake - 1 });
    fc.assert(
      fc.property(place, fc.integer({ min: 0, max: 7 }), (at, flipped) => {
        const altered = stream.slice();
        altered[at] = (altered[at] as number) ^ (1 << flipped);
        const { events, failure } = replay([altered]);
        expect(failure).toMatchObject({ code: expect.stringMatching(refusals) });
        expect(events.filter(({ type }) => type !== 'send')).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test('ends when records were swapped, repeated or left out', () => {
    const { stream, expected, handshake, replay } = sides[role]();
    const records = recordsOf(stream, handshake).map(({ start, end }) =>
      Uint8Array.from(stream.subarray(start, end)),
    );
    const before = stream.slice(0, handshake);
    for (let index = 0; index + 1 < records.length; index++) {
      const [one, other] = records.slice(index, index + 2);
      if (!one || !other) throw new Error('there are two');
      for (const replaced of [[other, one], [one, one, other], [other]]) {
        const { events, failure } = replay([before, ...records.toSpliced(index, 2, ...replaced)]);
        expect(failure).toMatchObject({ code: 'authentication-failed' });
        expect(events).toEqual(expected.slice(0, events.length));
        expect(events.length).toBeLessThanOrEqual(firstRecordEvent[role] + index + 1);
      }
    }
  });

  test('ends when anything follows the last word, in whatever pieces it comes', () => {
    const { stream, expected, replay } = sides[role]();
    const behind = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 60 }),
      fc.constant(Uint8Array.from(stream.subarray(-39))),
    );
    fc.assert(
      fc.property(behind, fc.array(fc.nat({ max: 100 }), { maxLength: 3 }), (extra, cuts) => {
        const whole = Uint8Array.of(...stream, ...extra);
        const { events, failure } = replay(
          splitAt(
            whole,
            cuts.map((cut) => stream.length + cut),
          ),
        );
        expect(events).toEqual(expected);
        expect(failure).toMatchObject({ code: expect.stringMatching(refusals) });
      }),
    );
    const inTwo = replay([stream, Uint8Array.of(2)]);
    expect(inTwo.failure).toMatchObject({ name: 'ProtocolError', code: 'malformed' });
    const atOnce = replay([Uint8Array.of(...stream, 2)]);
    expect(atOnce.failure).toMatchObject({ name: 'ProtocolError', code: 'malformed' });
  });
});

test('one side’s stream means nothing to the other', () => {
  const { failure } = replayToServer(conversation, [conversation.fromServer]);
  expect(failure).toMatchObject({ code: 'bad-message' });
  const reflected = conversation.fromClient.slice(handshakeLength.fromClient);
  const start = conversation.fromServer.slice(0, handshakeLength.fromServer);
  const atClient = replayToClient(conversation, [start, reflected]);
  expect(atClient.failure).toMatchObject({ code: 'authentication-failed' });
  expect(atClient.events.map(({ type }) => type)).toEqual(['send', 'established']);
});

test('what was sealed does not show what was said', () => {
  const visible = toHex(conversation.fromClient, conversation.fromServer);
  for (const word of [
    'PING',
    'SEND',
    'received',
    'first part',
    'Transfer complete',
    'e2eeftp test',
  ]) {
    expect(visible).not.toContain(Buffer.from(word).toString('hex'));
  }
});

/** Events of the handshake, in front of those of the records: each record gives one. */
const firstRecordEvent = { client: 2, server: 2 };

/** A record whose length was made longer than the rest of the stream is found out at its end. */
const refusals =
  /^(?:authentication-failed|bad-message|bad-key|no-common-suite|malformed|truncated)$/u;

function recordsOf(stream: Uint8Array, offset: number): { start: number; end: number }[] {
  const records = [];
  for (let start = offset; start < stream.length;) {
    const end = start + 4 + Buffer.from(stream).readUIntBE(start + 1, 3);
    records.push({ start, end });
    start = end;
  }
  return records;
}
