import { describe, expect, test } from '@jest/globals';

import {
  commandSchemas,
  limits,
  pathSchema,
  type CborMap,
  type CborValue,
  type CommandName,
} from '../../src/index.js';
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

const batchFile = { path: 'a', size: 3 };
const manyPaths = Array.from({ length: limits.batchFiles }, (_, index) => `f${index}`);

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
        keyring: 1,
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
      keyring: badCounts,
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
  MGET: {
    valid: [{ paths: ['a'] }, { paths: ['b/c', 'a'] }, { paths: manyPaths }],
    needed: ['paths'],
    wrong: {
      paths: [
        [],
        ['a', 'a'],
        'a',
        null,
        {},
        [...manyPaths, 'one more'],
        ...badPaths.map((path) => ['a', path]),
      ],
    },
  },
  MSEND: {
    valid: [
      { files: [{ path: 'a', size: 0, mtime: -1, mode: 0, overwrite: 'never' }], keyring: 7 },
      { files: [batchFile, { ...batchFile, path: 'b' }] },
      { files: manyPaths.map((path) => ({ path, size: limits.batchFileSize })) },
    ],
    needed: ['files'],
    wrong: {
      keyring: badCounts,
      files: [
        [],
        [batchFile, batchFile],
        batchFile,
        null,
        [...manyPaths, 'one more'].map((path) => ({ path, size: 0 })),
        [{ path: 'a' }],
        [{ ...batchFile, size: limits.batchFileSize + 1 }],
        [{ ...batchFile, upload: uploadId }],
        ...[
          ...badPaths.map((path) => ({ path })),
          ...badCounts.map((size) => ({ size })),
          ...badTimes.map((mtime) => ({ mtime })),
          ...badModes.map((mode) => ({ mode })),
          ...badTags.map((overwrite) => ({ overwrite })),
        ].map((wrong) => [{ ...batchFile, ...wrong }]),
      ],
    },
  },
  DIGEST: {
    valid: [{ path: 'a', offset: 0, length: 0, etag: 'x' }, { path: 'a' }],
    needed: ['path'],
    wrong: { path: badPaths, offset: badCounts, length: badCounts, etag: badTags },
  },
  DELETE: {
    valid: [{ path: 'a', recursive: false, etag: 'x', keyring: 1 }, { path: 'a' }],
    needed: ['path'],
    wrong: { path: badPaths, recursive: badBooleans, etag: badTags, keyring: badCounts },
  },
  RENAME: {
    valid: [
      { from: 'a', to: 'b', overwrite: 'always', keyring: 1 },
      { from: 'a', to: 'b' },
    ],
    needed: ['from', 'to'],
    wrong: { from: badPaths, to: badPaths, overwrite: badTags, keyring: badCounts },
  },
  MKDIR: {
    valid: [{ path: 'a', keyring: 1_000_000 }, { path: 'a' }],
    needed: ['path'],
    wrong: { path: badPaths, keyring: badCounts },
  },
  CHMOD: {
    valid: [
      { path: 'a', mode: 0o777 },
      { path: 'a', mode: 0 },
    ],
    needed: ['path', 'mode'],
    wrong: { path: badPaths, mode: badModes },
  },
  CARD: {
    valid: [
      { card: new Uint8Array(limits.card) },
      { card: new Uint8Array(1) },
      { identity: new Uint8Array(32) },
      { fingerprint: 'MFRGG-ZDFMZ-TWQ2L-KNNWG' },
      {},
    ],
    needed: [],
    wrong: {
      // The first of the valid ones has a card, and nobody may ask for two things at once.
      identity: [new Uint8Array(32), new Uint8Array(31), 'x'.repeat(32), 1, null, true, []],
      fingerprint: ['MFRGG-ZDFMZ-TWQ2L-KNNWG', 'mfrgg-zdfmz-twq2l-knnwg', '', 1, null, true, []],
      card: [new Uint8Array(0), new Uint8Array(limits.card + 1), 'card', 1, null, true, [], {}],
    },
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
    for (const field of ['force', 'Path', 'Upload', 'keyrings', 'constructor', '']) {
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

test('a path that is refused says why', () => {
  const { error } = pathSchema.safeParse('a/../b');
  expect(error?.issues.map(({ message }) => message)).toEqual([expect.stringContaining('".."')]);
});
