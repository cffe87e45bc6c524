import { describe, expect, test } from '@jest/globals';

import {
  commandSchemas,
  encodeCbor,
  limits,
  listingCapacity,
  type CborMap,
  type CborValue,
  type CommandName,
} from '../../src/index.js';
import { encodeResponse } from '../../src/messages/messages.js';

type Values = readonly CborValue[];

const manyPaths = Array.from({ length: limits.batchFiles }, (_, index) => `f${index}`);

const entry = { path: 'a/b', type: 'file', size: 3, mtime: 0, etag: 'e' } as const;
const stored = { size: 3, mtime: 0, etag: 'e' };
const whoami = { identity: new Uint8Array(32), name: 'alice', access: 'rw', quota: 10, used: 3 };

const batchResults = {
  valid: [
    { files: [] },
    {
      files: [
        { status: 226, file: stored },
        { status: 409, text: 'Conflict' },
      ],
    },
  ],
  wrong: [
    null,
    [],
    { files: null },
    { files: [null] },
    { files: [{}] },
    { files: [{ status: 99 }] },
    { files: [{ status: 200, file: { size: 3 } }] },
    { files: [{ status: 404, text: 'x'.repeat(limits.text + 1) }] },
    { files: manyPaths.concat('one more').map(() => ({ status: 404 })) },
  ],
};

const results: Readonly<Record<CommandName, { valid: Values; wrong: Values; isOpen: boolean }>> = {
  HLIST: {
    valid: [[], [{ name: 'PING', summary: 'Answers' }]],
    wrong: [null, {}, ['PING'], [{ name: 'PING' }], [{ name: 1, summary: '' }]],
    isOpen: false,
  },
  PING: { valid: [null], wrong: [0, {}, [], ''], isOpen: false },
  WHOAMI: {
    valid: [whoami, { ...whoami, name: null, quota: null, used: null }],
    wrong: [
      null,
      { ...whoami, identity: new Uint8Array(31) },
      { ...whoami, identity: 'x' },
      { ...whoami, access: 'all' },
      { ...whoami, quota: -1 },
      { identity: whoami.identity },
    ],
    isOpen: true,
  },
  LIST: {
    valid: [
      { entries: [], etag: 'e' },
      { entries: [entry], etag: 'e', cursor: 'a/b' },
      // A name that the server keeps only for itself at the root may stand in any other folder.
      { entries: [{ ...entry, path: '.e2eeftp-notes' }], etag: 'e', cursor: '.e2eeftp-notes' },
    ],
    wrong: [
      null,
      { entries: [] },
      { entries: null, etag: 'e' },
      { entries: { 0: entry }, etag: 'e' },
      { entries: [entry, null], etag: 'e' },
      { entries: [{ ...entry, path: '../b' }], etag: 'e' },
      { entries: [{ ...entry, path: '/b' }], etag: 'e' },
      { entries: [{ ...entry, path: 'a\u001B' }], etag: 'e' },
      { entries: [{ ...entry, type: 'link' }], etag: 'e' },
      { entries: [{ ...entry, size: -1 }], etag: 'e' },
      { entries: [entry], etag: 'e', cursor: 'a/..' },
      { entries: [entry], etag: '' },
    ],
    isOpen: true,
  },
  STAT: {
    valid: [entry, { ...entry, path: '', type: 'directory', mtime: -5 }],
    wrong: [
      null,
      {},
      { ...entry, path: 'a/' },
      { ...entry, etag: 'x'.repeat(129) },
      { ...entry, mtime: null },
      { ...entry, mtime: 0.5 },
      { ...entry, size: 2 ** 53 },
      { ...entry, etag: '' },
      { ...entry, mode: 0o1000 },
      { ...entry, mode: null },
    ],
    isOpen: true,
  },
  SEND: {
    valid: [stored, { ...stored, sha256: new Uint8Array(32) }],
    wrong: [null, { size: 3, mtime: 0 }, { ...stored, sha256: 'x' }, { ...stored, size: '3' }],
    isOpen: true,
  },
  RESUME: {
    valid: [
      { offset: 3, sha256: new Uint8Array(32), done: stored },
      { offset: 0 },
      { offset: 3, done: stored },
    ],
    wrong: [
      null,
      {},
      { offset: -1 },
      { offset: '3' },
      { offset: 3, sha256: new Uint8Array(31) },
      { offset: 3, done: null },
      { offset: 3, done: {} },
      { done: stored },
    ],
    isOpen: true,
  },
  GET: {
    valid: [{ ...stored, offset: 0, length: 3 }],
    wrong: [
      null,
      stored,
      { ...stored, offset: -1, length: 3 },
      { ...stored, offset: 0, length: null },
    ],
    isOpen: true,
  },
  MGET: { ...batchResults, isOpen: true },
  MSEND: { ...batchResults, isOpen: true },
  DIGEST: {
    valid: [{ ...stored, offset: 0, length: 3, sha256: new Uint8Array(32) }],
    wrong: [
      null,
      { ...stored, offset: 0, length: 3 },
      { ...stored, offset: 0, length: 3, sha256: new Uint8Array(31) },
      { ...stored, offset: -1, length: 3, sha256: new Uint8Array(32) },
    ],
    isOpen: true,
  },
  DELETE: { valid: [null], wrong: [true, {}], isOpen: false },
  RENAME: { valid: [null], wrong: [true, {}], isOpen: false },
  MKDIR: { valid: [null], wrong: [true, {}], isOpen: false },
  CHMOD: {
    valid: [{ ...stored, mode: 0o777 }],
    wrong: [null, {}, { ...stored, mode: 0o1000 }, { size: 3, mtime: 0, mode: 0o600 }],
    isOpen: true,
  },
  CARD: {
    valid: [{ card: new Uint8Array(1) }, { card: new Uint8Array(limits.card) }],
    wrong: [
      null,
      {},
      { card: null },
      { card: 'card' },
      { card: new Uint8Array(0) },
      { card: new Uint8Array(limits.card + 1) },
    ],
    isOpen: true,
  },
};

describe.each(Object.entries(results))('the result of %s', (name, { valid, wrong, isOpen }) => {
  const schema = commandSchemas[name as CommandName].result;

  test.each(valid.map((value) => [value]))('%j is taken as it is', (value) => {
    expect(schema.parse(value)).toEqual(value);
  });

  test.each(wrong.map((value) => [value]))('%j is refused', (value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });

  test('leaves room for what later servers add', () => {
    const [first] = valid;
    if (isOpen) expect(schema.parse({ ...(first as CborMap), later: 1 })).toEqual(first);
  });
});

test('a listing of full capacity fits into one answer, whatever else stands in it', () => {
  const longestPath = Array.from({ length: 12 }, () => 'a'.repeat(255)).join('/');
  const page = { ...entry, path: longestPath, etag: 'e'.repeat(128) };
  const size = encodeCbor(page).length;
  const entries = Array.from({ length: Math.floor(listingCapacity / size) }, () => page);
  const spare = listingCapacity - entries.length * size;
  // What is left is filled to the byte with entries that are as short as entries are.
  const small = { ...entry, path: 'b' };
  const smallSize = encodeCbor(small).length;
  const rest = Array.from({ length: Math.floor(spare / smallSize) }, () => small);
  const result = {
    entries: [...entries, ...rest],
    etag: '\uFFFF'.repeat(128),
    cursor: longestPath,
  };
  const bytes = encodeResponse({
    id: Number.MAX_SAFE_INTEGER,
    status: 200,
    text: '\uFFFF'.repeat(limits.text),
    result,
    body: false,
  });
  expect(bytes.length).toBeGreaterThan(listingCapacity);
  expect(bytes.length).toBeLessThanOrEqual(limits.record);
});
