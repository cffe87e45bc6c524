import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { decodeCbor, encodeCbor, limits, type CborMap, type CborValue } from '../../src/index.js';
import {
  encodeBodyEnd,
  encodeClose,
  encodeRequest,
  encodeResponse,
  encodeWelcome,
  parseBodyEnd,
  parseClose,
  parseRequest,
  parseResponse,
  parseWelcome,
} from '../../src/messages/messages.js';
import { fromHex, toHex } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';
import { without } from '../support/maps.js';

const longest = 'x'.repeat(limits.text);

interface Form {
  readonly name: string;
  readonly parse: (plaintext: Uint8Array) => CborMap;
  /** Messages that must be taken. */
  readonly valid: readonly CborMap[];
  /** What each field must not be; the other fields are those of the first valid message. */
  readonly wrong: Readonly<Record<string, readonly CborValue[]>>;
  /** Whether a field that is not known is refused. */
  readonly isClosed: boolean;
}

const notText = [1, null, true, [], {}, Uint8Array.of(97)];
const notCount = [-1, '1', null, true, [], {}, Uint8Array.of(1)];
const notBoolean = [0, 1, 'true', null, [], {}];
const notMap = [0, '', null, true, [], Uint8Array.of(1)];
const notStatus = [0, 99, 600, -200, '200', null, true];

const request: CborMap = { id: 1, command: 'PING', args: {}, body: false };
const response: CborMap = { id: 1, status: 200, text: 'OK', result: null, body: false };
const welcomeLimits = { record: 1_048_576, message: 65_536, fileSize: 2 ** 50, pathLength: 3072 };
const welcome: CborMap = {
  protocol: 2,
  software: 'e2eeftp 0.1.0',
  commands: ['GET', 'PING'],
  limits: welcomeLimits,
  access: 'rw',
};
const digest = new Uint8Array(32).fill(7);

const forms: readonly Form[] = [
  {
    name: 'Welcome',
    parse: parseWelcome,
    valid: [
      welcome,
      { ...welcome, commands: [], software: '', access: 'admin' },
      { ...welcome, access: 'ro' },
      { ...welcome, access: 'wo' },
      { ...welcome, commands: ['C'.repeat(limits.command)], software: longest },
    ],
    wrong: {
      protocol: [1, 3, 0, '2', null],
      software: [...notText, `${longest}x`],
      commands: [
        null,
        'GET',
        {},
        [1],
        [null],
        ['C'.repeat(limits.command + 1)],
        Array<string>(1025).fill('A'),
      ],
      limits: [
        ...notMap,
        {},
        { ...welcomeLimits, record: -1 },
        { ...welcomeLimits, fileSize: null },
        { ...welcomeLimits, pathLength: '3072' },
        { record: 1, message: 1, fileSize: 1 },
      ],
      access: ['', 'RW', 'root', 1, null],
    },
    isClosed: false,
  },
  {
    name: 'request',
    parse: parseRequest,
    valid: [
      request,
      { ...request, id: 0 },
      { ...request, id: Number.MAX_SAFE_INTEGER, body: true },
      { ...request, command: '' },
      {
        ...request,
        command: 'C'.repeat(limits.command),
        args: { path: 'a', nested: { list: [1, [2]] } },
      },
    ],
    wrong: {
      id: notCount,
      command: [...notText, 'C'.repeat(limits.command + 1)],
      args: notMap,
      body: notBoolean,
    },
    isClosed: true,
  },
  {
    name: 'response',
    parse: parseResponse,
    valid: [
      response,
      { ...response, status: 100, result: { a: [1] }, body: true },
      { ...response, status: 599, text: longest },
      ...[0, '', false, [], {}, Uint8Array.of(1)].map((result) => ({ ...response, result })),
    ],
    wrong: {
      id: notCount,
      status: notStatus,
      text: [...notText, `${longest}x`],
      body: notBoolean,
    },
    isClosed: true,
  },
  {
    name: 'end of a whole body',
    parse: parseBodyEnd,
    valid: [
      { ok: true, size: 0 },
      { ok: true, size: Number.MAX_SAFE_INTEGER, sha256: digest },
    ],
    wrong: {
      ok: [0, 1, 'true', null, false],
      size: notCount,
      sha256: [
        null,
        '',
        toHex(digest),
        new Uint8Array(0),
        new Uint8Array(31),
        new Uint8Array(33),
        [...digest],
      ],
    },
    isClosed: true,
  },
  {
    name: 'end of a body given up',
    parse: parseBodyEnd,
    valid: [
      { ok: false, text: '' },
      { ok: false, text: longest },
    ],
    wrong: { ok: [true, 0, null], text: [...notText, `${longest}x`], size: [1], sha256: [digest] },
    isClosed: true,
  },
  {
    name: 'close',
    parse: parseClose,
    valid: [
      { status: 200, text: '' },
      { status: 599, text: longest },
    ],
    wrong: { status: notStatus, text: [...notText, `${longest}x`] },
    isClosed: true,
  },
];

describe.each(forms)('$name', ({ parse, valid, wrong, isClosed }) => {
  const [sample = {}] = valid;

  test.each(valid)('%j is taken as it is', (message) => {
    const plaintext = encodeCbor(message);
    expect(parse(plaintext)).toEqual(message);
    expect(toHex(encodeCbor(parse(plaintext)))).toBe(toHex(plaintext));
  });

  test('each field is needed', () => {
    for (const field of Object.keys(sample)) {
      const rest = without(sample, field);
      expect([field, codeOf(() => parse(encodeCbor(rest)))]).toEqual([field, 'malformed']);
    }
  });

  test('each field has its type and its bounds', () => {
    for (const [field, values] of Object.entries(wrong)) {
      for (const value of values) {
        const message = encodeCbor({ ...sample, [field]: value });
        expect([field, value, codeOf(() => parse(message))]).toEqual([field, value, 'malformed']);
      }
    }
  });

  test(isClosed ? 'a field too many is refused' : 'a field too many is passed over', () => {
    for (const field of ['', 'extra', 'Body', 'constructor', 'toString', '0']) {
      const message = encodeCbor({ ...sample, [field]: 1 });
      if (isClosed) expect([field, codeOf(() => parse(message))]).toEqual([field, 'malformed']);
      else expect(parse(message)).toEqual(sample);
    }
  });

  test.each(['', '00', 'f6', '60', '40', '80', 'a0', '8101', 'a10000'])(
    'the item %s is no message',
    (hex) => {
      expect(codeOf(() => parse(fromHex(hex)))).toBe('malformed');
    },
  );

  test('no part of a message is one, nor one with a byte behind', () => {
    const plaintext = encodeCbor(sample);
    for (let length = 0; length < plaintext.length; length++) {
      expect(codeOf(() => parse(plaintext.subarray(0, length)))).toBe('malformed');
    }
    expect(codeOf(() => parse(Uint8Array.of(...plaintext, 0)))).toBe('malformed');
  });

  test('whatever one byte is changed to, it is refused or another message of the same form', () => {
    const plaintext = encodeCbor(sample);
    fc.assert(
      fc.property(
        fc.nat({ max: plaintext.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        (at, byte) => {
          const altered = plaintext.slice();
          altered[at] = byte;
          const code = codeOf(() => parse(altered));
          if (code !== undefined) return expect(code).toBe('malformed');
          if (isClosed) expect(toHex(encodeCbor(parse(altered)))).toBe(toHex(altered));
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('an answer without a result is refused, as null says that there is nothing to say', () => {
  expect(codeOf(() => parseResponse(encodeCbor(without(response, 'result'))))).toBe('malformed');
});

test('arguments are no place for another prototype', () => {
  const { args } = parseRequest(
    encodeCbor({ ...request, args: { constructor: 1, hasOwnProperty: 2 } }),
  );
  expect(Object.getPrototypeOf(args)).toBe(Object.prototype);
  expect(args).toEqual({ constructor: 1, hasOwnProperty: 2 });
});

describe('the size of a request', () => {
  function requestOf(size: number): CborMap {
    const empty = encodeCbor({ ...request, args: { fill: new Uint8Array(256 * 256 - 1) } }).length;
    return { ...request, args: { fill: new Uint8Array(size - (empty - 65_535)) } };
  }

  test('is at most 65,536 bytes', () => {
    const most = encodeCbor(requestOf(65_536));
    expect(most).toHaveLength(65_536);
    expect(parseRequest(most).command).toBe('PING');
    const over = encodeCbor(requestOf(65_537));
    expect(over).toHaveLength(65_537);
    expect(codeOf(() => parseRequest(over))).toBe('malformed');
    expect(codeOf(() => parseRequest(new Uint8Array(1_048_576).fill(0x81)))).toBe('malformed');
  });
});

describe('writing', () => {
  test('gives what reading takes', () => {
    const sent = parseRequest(encodeCbor(request));
    expect(parseRequest(encodeRequest(sent))).toEqual(request);
    expect(parseResponse(encodeResponse(parseResponse(encodeCbor(response))))).toEqual(response);
    expect(parseWelcome(encodeWelcome(parseWelcome(encodeCbor(welcome))))).toEqual(welcome);
    expect(parseBodyEnd(encodeBodyEnd({ ok: true, size: 3, sha256: digest }))).toEqual({
      ok: true,
      size: 3,
      sha256: digest,
    });
    expect(parseBodyEnd(encodeBodyEnd({ ok: true, size: 3 }))).toEqual({ ok: true, size: 3 });
    expect(parseClose(encodeClose({ status: 403, text: 'Not allowed' }))).toEqual({
      status: 403,
      text: 'Not allowed',
    });
  });

  test('refuses what the other side would end the connection over', () => {
    const known = parseRequest(encodeCbor(request));
    const answer = parseResponse(encodeCbor(response));
    for (const write of [
      () => encodeRequest({ ...known, command: 'C'.repeat(limits.command + 1) }),
      () => encodeRequest({ ...known, args: { path: '\uD800' } }),
      () => encodeRequest({ ...known, args: { ratio: 0.5 } }),
      () => encodeResponse({ ...answer, status: 42 }),
      () => encodeResponse({ ...answer, result: undefined as unknown as CborValue }),
      () => encodeResponse({ ...answer, text: `${longest}x` }),
      () => encodeResponse({ ...answer, result: new Uint8Array(limits.record) }),
      () => encodeWelcome({ ...parseWelcome(encodeCbor(welcome)), software: `${longest}x` }),
      () => encodeBodyEnd({ ok: true, size: -1 }),
      () => encodeBodyEnd({ ok: true, size: 1.5 }),
      () => encodeBodyEnd({ ok: true, size: 1, sha256: new Uint8Array(20) }),
      () => encodeBodyEnd({ ok: false, text: `${longest}x` }),
      () => encodeClose({ status: 1000, text: '' }),
    ]) {
      expect(codeOf(write)).toBe('misuse');
    }
  });

  test('says in a Welcome also what this version does not know', () => {
    const later = { ...parseWelcome(encodeCbor(welcome)), motto: 'more' };
    expect(decodeCbor(encodeWelcome(later))).toEqual(later);
  });
});
