import { describe, expect, test } from '@jest/globals';

import {
  commandSchemas,
  encodeCbor,
  limits,
  listingCapacity,
  pathSchema,
  type CborMap,
  type CborValue,
  type CommandName,
} from '../../src/index.js';
import { encodeResponse } from '../../src/messages/messages.js';
import { without } from '../support/maps.js';

type Values = readonly CborValue[];

interface Arguments {
  /** Arguments that must be taken, the first with every field. */
  readonly valid: readonly CborMap[];
  readonly needed: readonly string[];
  readonly wrong: Readonly<Record<string, Values>>;
}

const badPaths: Values = [
  '/a',
  'a/',
  '..',
  'a/../b',
  'a\\b',
  'a\0',
  '.e2eeftp',
  '.E2EEFTP/x',
  'a'.repeat(256),
  1,
  null,
  [],
  {},
];
const badRelativePaths = badPaths.filter(
  (path) => !/^\.e2eeftp/iu.test(JSON.stringify(path).slice(1)),
);
const badCounts: Values = [-1, '1', null, true, []];
const badModes: Values = [0o1000, ...badCounts];
const badTimes: Values = ['0', null, true, []];
const badBooleans: Values = [0, 1, 'true', null, []];
const badTags: Values = ['', 'x'.repeat(129), 1, null, true, []];
const uploadId = Uint8Array.from({ length: limits.uploadId }, (_, index) => 255 - index);
const badUploads: Values = [
  new Uint8Array(0),
  new Uint8Array(limits.uploadId - 1),
  new Uint8Array(limits.uploadId + 1),
  'x'.repeat(limits.uploadId),
  1,
  null,
  true,
  [],
  Array.from(uploadId),
];

const args: Readonly<Record<CommandName, Arguments>> = {
  HLIST: { valid: [{}], needed: [], wrong: {} },
  PING: { valid: [{}], needed: [], wrong: {} },
  WHOAMI: { valid: [{}], needed: [], wrong: {} },
  LIST: {
    valid: [
      { path: 'received', recursive: true, cursor: 'a/b', limit: 100 },
      { path: '' },
      { path: 'a', cursor: '.e2eeftp-note' },
    ],
    needed: ['path'],
    wrong: {
      path: badPaths,
      recursive: badBooleans,
      cursor: badRelativePaths,
      limit: [0, ...badCounts],
    },
  },
  STAT: { valid: [{ path: 'a' }, { path: '' }], needed: ['path'], wrong: { path: badPaths } },
  SEND: {
    valid: [
      {
        path: 'a',
        size: 0,
        mtime: 1_700_000_000_000,
        overwrite: 'never',
        upload: uploadId,
        offset: 0,
      },
      { path: 'a' },
      { path: 'a', mtime: -1, overwrite: 'an etag' },
      { path: 'a', upload: uploadId, offset: Number.MAX_SAFE_INTEGER },
    ],
    needed: ['path'],
    wrong: {
      path: badPaths,
      size: badCounts,
      mtime: badTimes,
      overwrite: badTags,
      upload: badUploads,
      offset: badCounts,
    },
  },
  RESUME: {
    valid: [{ upload: uploadId, digest: true }, { upload: uploadId }],
    needed: ['upload'],
    wrong: { upload: badUploads, digest: badBooleans },
  },
  GET: {
    valid: [{ path: 'a', offset: 0, length: 0, etag: 'x' }, { path: 'a' }],
    needed: ['path'],
    wrong: { path: badPaths, offset: badCounts, length: badCounts, etag: badTags },
  },
  DIGEST: {
    valid: [{ path: 'a', offset: 0, length: 0, etag: 'x' }, { path: 'a' }],
    needed: ['path'],
    wrong: { path: badPaths, offset: badCounts, length: badCounts, etag: badTags },
  },
  DELETE: {
    valid: [{ path: 'a', recursive: false, etag: 'x' }, { path: 'a' }],
    needed: ['path'],
    wrong: { path: badPaths, recursive: badBooleans, etag: badTags },
  },
  RENAME: {
    valid: [
      { from: 'a', to: 'b', overwrite: 'always' },
      { from: 'a', to: 'b' },
    ],
    needed: ['from', 'to'],
    wrong: { from: badPaths, to: badPaths, overwrite: badTags },
  },
  MKDIR: { valid: [{ path: 'a' }], needed: ['path'], wrong: { path: badPaths } },
  CHMOD: {
    valid: [
      { path: 'a', mode: 0o777 },
      { path: 'a', mode: 0 },
    ],
    needed: ['path', 'mode'],
    wrong: { path: badPaths, mode: badModes },
  },
};

describe.each(Object.entries(args))('the arguments of %s', (name, { valid, needed, wrong }) => {
  const schema = commandSchemas[name as CommandName].args;
  const [full = {}] = valid;

  test.each(valid)('%j is taken as it is', (value) => {
    expect(schema.parse(value)).toEqual(value);
  });

  test('what is needed must be there', () => {
    for (const field of Object.keys(full)) {
      const rest = without(full, field);
      expect([field, schema.safeParse(rest).success]).toEqual([field, !needed.includes(field)]);
    }
  });

  test('each has its type and its bounds', () => {
    for (const [field, values] of Object.entries(wrong)) {
      for (const value of values) {
        const { success } = schema.safeParse({ ...full, [field]: value });
        expect([field, value, success]).toEqual([field, value, false]);
      }
    }
  });

  test('one that is not known is refused, so that no client believes that it was honoured', () => {
    for (const field of ['force', 'Path', 'Upload', 'keyring', 'constructor', '']) {
      expect(schema.safeParse({ ...full, [field]: true }).success).toBe(false);
    }
  });

  test('are a map', () => {
    for (const value of [null, 0, 'path', [], [full], undefined]) {
      expect(schema.safeParse(value).success).toBe(false);
    }
  });
});

test('every command that is defined was tried', () => {
  expect(Object.keys(args)).toEqual(Object.keys(commandSchemas));
});

const entry = { path: 'a/b', type: 'file', size: 3, mtime: 0, etag: 'e' } as const;
const stored = { size: 3, mtime: 0, etag: 'e' };
const whoami = { identity: new Uint8Array(32), name: 'alice', access: 'rw', quota: 10, used: 3 };

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

test('a path that is refused says why', () => {
  const { error } = pathSchema.safeParse('a/../b');
  expect(error?.issues.map(({ message }) => message)).toEqual([expect.stringContaining('".."')]);
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
