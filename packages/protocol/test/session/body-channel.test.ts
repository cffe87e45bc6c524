import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { BodyChannel, ProtocolError } from '../../src/index.js';
import { joinBytes, toHex } from '../support/bytes.js';

const mebibyte = 1024 * 1024;
const digest = new Uint8Array(32).fill(5);

async function consume(body: BodyChannel): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const some of body) parts.push(...some);
  return toHex(...parts);
}

/** Which error an iteration ends with. */
async function failureOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof ProtocolError ? error.code : String(error);
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  // Long enough for whatever is settled already to be told.
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending;
}

function push(body: BodyChannel, ...parts: Uint8Array[]): Promise<void> | undefined {
  return body.push(joinBytes(parts));
}

describe('a whole body', () => {
  test('is given in order, whoever is faster', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.uint8Array({ maxLength: 20 }), fc.boolean()), { maxLength: 20 }),
        fc.boolean(),
        async (steps, isConsumerFirst) => {
          const body = new BodyChannel();
          const early = isConsumerFirst ? consume(body) : undefined;
          let size = 0;
          for (const [part, isPaused] of steps) {
            await push(body, part);
            size += part.length;
            if (isPaused) await Promise.resolve();
          }
          body.finish({ ok: true, size });
          const expected = toHex(...steps.map(([part]) => part));
          expect(await (early ?? consume(body))).toBe(expected);
          expect(body.end).toEqual({ ok: true, size });
        },
      ),
    );
  });

  test('may be empty', async () => {
    const body = new BodyChannel();
    body.finish({ ok: true, size: 0 });
    expect(await consume(body)).toBe('');
  });

  test('has its end and digest when it was consumed, not before', async () => {
    const body = new BodyChannel();
    await push(body, Uint8Array.of(1));
    expect(body.end).toBeUndefined();
    body.finish({ ok: true, size: 1, sha256: digest });
    expect(body.end).toBeUndefined();
    expect(await consume(body)).toBe('01');
    expect(body.end).toEqual({ ok: true, size: 1, sha256: digest });
  });

  test('is given once', async () => {
    const body = new BodyChannel();
    await push(body, Uint8Array.of(1));
    body.finish({ ok: true, size: 1 });
    await consume(body);
    expect(await failureOf(consume(body))).toBe('misuse');
  });

  test('has one consumer, whose wait no other disturbs', async () => {
    const body = new BodyChannel();
    const first = consume(body);
    expect(await isPending(first)).toBe(true);
    expect(await failureOf(consume(body))).toBe('misuse');
    await push(body, Uint8Array.of(7));
    body.finish({ ok: true, size: 1 });
    expect(await first).toBe('07');
  });
});

describe('a body that is not whole', () => {
  test.each([
    ['fewer bytes than the peer counts', { ok: true, size: 3 }],
    ['more bytes than the peer counts', { ok: true, size: 1 }],
    ['no bytes, as the peer counts', { ok: true, size: 0 }],
    ['a peer that gave it up', { ok: false, text: 'The disk failed' }],
  ] as const)('%s: the iteration fails', async (_what, end) => {
    const waiting = new BodyChannel();
    const consumed = failureOf(consume(waiting));
    await push(waiting, Uint8Array.of(1, 2));
    waiting.finish(end);
    expect(await consumed).toBe('incomplete');
    expect(waiting.end).toBeUndefined();

    const late = new BodyChannel();
    await push(late, Uint8Array.of(1, 2));
    late.finish(end);
    expect(await failureOf(consume(late))).toBe('incomplete');
    expect(late.end).toBeUndefined();
  });

  test('what the peer says of itself reaches nobody', async () => {
    const body = new BodyChannel();
    body.finish({ ok: false, text: '\u001B[31mtrust me' });
    await expect(consume(body)).rejects.not.toThrow(/trust me/u);
  });

  test('an error of one’s own ends the iteration at once, and what waits is not given', async () => {
    const body = new BodyChannel();
    const error = new Error('the connection broke');
    await push(body, Uint8Array.of(1));
    body.fail(error);
    await expect(consume(body)).rejects.toBe(error);

    const waiting = new BodyChannel();
    const consumed = consume(waiting);
    expect(await isPending(consumed)).toBe(true);
    waiting.fail(error);
    await expect(consumed).rejects.toBe(error);
  });

  test('failed once, it stays so', async () => {
    const body = new BodyChannel();
    const error = new Error('first');
    body.fail(error);
    body.fail(new Error('second'));
    body.finish({ ok: true, size: 0 });
    expect(body.end).toBeUndefined();
    expect(push(body, new Uint8Array(2 * mebibyte))).toBeUndefined();
    await expect(consume(body)).rejects.toBe(error);
  });

  test('an error after the end changes nothing', async () => {
    const body = new BodyChannel();
    await push(body, Uint8Array.of(1));
    body.finish({ ok: true, size: 1 });
    body.fail(new Error('too late'));
    expect(await consume(body)).toBe('01');
    expect(body.end).toEqual({ ok: true, size: 1 });
  });

  test('a failure that nobody waits for is no unhandled rejection', async () => {
    const body = new BodyChannel();
    const pushed = push(body, new Uint8Array(mebibyte));
    body.fail(new Error('nobody reads'));
    await pushed;
  });
});

describe('backpressure', () => {
  test('begins at a mebibyte', async () => {
    const body = new BodyChannel();
    expect(push(body, new Uint8Array(mebibyte - 1))).toBeUndefined();
    expect(push(body, Uint8Array.of(1))).toBeInstanceOf(Promise);
    body.drop();
  });

  test('lasts until the consumer took what waits', async () => {
    const body = new BodyChannel();
    expect(push(body, new Uint8Array(mebibyte - 1))).toBeUndefined();
    const pushed = push(body, Uint8Array.of(1, 2));
    if (!pushed) throw new Error('the channel is full');
    expect(await isPending(pushed)).toBe(true);
    const iterator = body[Symbol.asyncIterator]();
    const taken = await iterator.next();
    expect(taken.value?.map(({ length }) => length)).toEqual([mebibyte - 1, 2]);
    await pushed;
    expect(push(body, Uint8Array.of(2))).toBeUndefined();
    body.drop();
  });

  test.each([
    ['fails', (body: BodyChannel) => body.fail(new Error('broken'))],
    ['is dropped', (body: BodyChannel) => body.drop()],
  ])('ends when the body %s', async (_what, end) => {
    const body = new BodyChannel();
    const pushed = push(body, new Uint8Array(mebibyte));
    end(body);
    await pushed;
    expect(push(body, new Uint8Array(mebibyte))).toBeUndefined();
  });

  test('empty parts do not count', () => {
    const body = new BodyChannel();
    for (let count = 0; count < 10_000; count++) {
      expect(push(body, new Uint8Array(0))).toBeUndefined();
    }
    expect(push(body)).toBeUndefined();
  });
});

describe('a body that was dropped', () => {
  test('takes everything and keeps nothing, yet still counts', () => {
    const body = new BodyChannel();
    void push(body, new Uint8Array(mebibyte));
    body.drop();
    expect(push(body, new Uint8Array(mebibyte))).toBeUndefined();
    body.finish({ ok: true, size: 2 * mebibyte });
    expect(body.end).toEqual({ ok: true, size: 2 * mebibyte });
  });

  test('is not taken for a whole one by whoever consumes it afterwards', async () => {
    const body = new BodyChannel();
    await push(body, Uint8Array.of(1));
    body.drop();
    body.finish({ ok: true, size: 1 });
    expect(await failureOf(consume(body))).toBe('misuse');
  });

  test('is not taken for a whole one by whoever waits for it', async () => {
    const body = new BodyChannel();
    const consumed = failureOf(consume(body));
    await Promise.resolve();
    body.drop();
    await push(body, Uint8Array.of(1));
    body.finish({ ok: true, size: 1 });
    expect(await consumed).toBe('misuse');
  });

  test('lets nobody wait for it', async () => {
    const body = new BodyChannel();
    const consumed = failureOf(consume(body));
    await Promise.resolve();
    body.drop();
    expect(await consumed).toBe('misuse');
  });

  test('after its end, nothing is lost', async () => {
    const body = new BodyChannel();
    await push(body, Uint8Array.of(1));
    body.finish({ ok: true, size: 1 });
    expect(await consume(body)).toBe('01');
    body.drop();
    expect(body.end).toEqual({ ok: true, size: 1 });
  });

  test('who stops early lets the producer go on by dropping the rest', async () => {
    const body = new BodyChannel();
    await push(body, Uint8Array.of(1));
    for await (const [part] of body) {
      expect([...(part ?? [])]).toEqual([1]);
      break;
    }
    const pushed = push(body, new Uint8Array(mebibyte));
    body.drop();
    await pushed;
  });
});
