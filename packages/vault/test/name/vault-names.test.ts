import { beforeAll, describe, expect, test } from '@jest/globals';
import { base64urlnopad } from '@scure/base';
import fc from 'fast-check';

import { concatBytes, utf8 } from '@e2eeftp/crypto';

import {
  newEntryId,
  rootDirectory,
  storedNameLength,
  VaultNames,
  VaultSecrets,
  type DirectoryIds,
  type Keyring,
  type OpenedName,
} from '../../src/index.js';
import { backends } from '../support/backends.js';
import { filled, hex } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';
import { person } from '../support/people.js';
import { vaultOf, walk } from '../support/vaults.js';

const vault = filled(16, 1);
const folder: DirectoryIds = [...rootDirectory, filled(12, 0x21), filled(12, 0x22)];
const id = filled(12, 0x33);
let keyring: Keyring;

beforeAll(async () => {
  keyring = walk(await vaultOf(await person('alice'))).current;
});

/** Names of a vault with so many epochs, the oldest of which are not read any more. */
function namesOf(
  { epoch = 1, oldest = 1, of = vault }: { epoch?: number; oldest?: number; of?: Uint8Array },
  backend = backends[0]![1],
): VaultNames {
  const secrets = new VaultSecrets(
    of,
    Array.from({ length: epoch }, (_, index) => filled(32, index + 1)),
    backend,
  );
  return new VaultNames({ keyring: { ...keyring, vault: of, epoch, oldest }, secrets }, backend);
}

function reasonOf(opened: OpenedName): string {
  return opened.state === 'damaged' ? opened.reason : `opened ${opened.name}`;
}

/** Seals any plaintext, as a hostile member can. */
function sealRaw(plaintext: Uint8Array, directory = folder, epoch = 1): string {
  const [, backend] = backends[0]!;
  const { nameKey } = new VaultSecrets(vault, [filled(32, 1), filled(32, 2)]).keysOf(epoch);
  const sealed = backend.aesSiv(nameKey).seal([vault, directory.at(-1)!], plaintext);
  return base64urlnopad.encode(concatBytes(Uint8Array.of(0, epoch), sealed));
}

const goodName = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 48 })
  .filter((name) => codeOf(() => storedNameLength(name)) === undefined);

describe.each(backends)('on %s', (_name, backend) => {
  test('what is sealed opens on every backend, and is one component for a server', () => {
    fc.assert(
      fc.property(goodName, fc.uint8Array({ minLength: 12, maxLength: 12 }), (name, entryId) => {
        fc.pre(entryId.some((byte) => byte !== 0));
        const stored = namesOf({}, backend).seal(folder, entryId, name);
        expect(stored).toMatch(/^[A-Za-z0-9_-]{46,238}$/u);
        expect(stored).toHaveLength(storedNameLength(name));
        for (const [, other] of backends) {
          const opened = namesOf({}, other).open(folder, stored);
          expect(opened).toEqual({ state: 'opened', id: entryId, name, epoch: 1 });
        }
      }),
      { numRuns: 30 },
    );
  });

  test('no changed character goes by', () => {
    const names = namesOf({}, backend);
    const stored = names.seal(folder, id, 'report.pdf');
    for (let index = 0; index < stored.length; index++) {
      for (const character of 'Aw_') {
        const altered = stored.slice(0, index) + character + stored.slice(index + 1);
        if (altered === stored) continue;
        expect(names.open(folder, altered).state).toBe('damaged');
      }
    }
  });
});

test('a name belongs to its folder, its vault and its epoch', () => {
  const names = namesOf({ epoch: 2 });
  const stored = names.seal(folder, id, 'report.pdf');
  expect(names.open(folder, stored)).toMatchObject({ name: 'report.pdf', epoch: 2 });
  expect(reasonOf(names.open(rootDirectory, stored))).toBe('not-sealed-here');
  expect(reasonOf(names.open([...rootDirectory, filled(12, 0x21)], stored))).toBe(
    'not-sealed-here',
  );
  expect(reasonOf(namesOf({ epoch: 2, of: filled(16, 2) }).open(folder, stored))).toBe(
    'not-sealed-here',
  );
  const asOfOne = base64urlnopad.decode(stored);
  asOfOne[1] = 1;
  expect(reasonOf(names.open(folder, base64urlnopad.encode(asOfOne)))).toBe('not-sealed-here');
  // A folder above may be moved: only the last id binds.
  const moved: DirectoryIds = [...rootDirectory, filled(12, 0x22)];
  expect(names.open(moved, stored).state).toBe('opened');
});

test('epochs that are no longer read, or not yet known', () => {
  const first = namesOf({ epoch: 1 }).seal(folder, id, 'a');
  const second = namesOf({ epoch: 2 }).seal(folder, id, 'a');
  expect(reasonOf(namesOf({ epoch: 2 }).open(folder, first))).toBe('opened a');
  expect(reasonOf(namesOf({ epoch: 2, oldest: 2 }).open(folder, first))).toBe('too-old');
  expect(reasonOf(namesOf({ epoch: 1 }).open(folder, second))).toBe('unknown-epoch');
  const zero = base64urlnopad.decode(first);
  zero[1] = 0;
  expect(reasonOf(namesOf({}).open(folder, base64urlnopad.encode(zero)))).toBe('unknown-epoch');
});

test('equal names look different, in one folder and in two', () => {
  const names = namesOf({});
  const stored = [
    names.seal(folder, id, 'a'),
    names.seal(folder, filled(12, 0x34), 'a'),
    names.seal(rootDirectory, id, 'a'),
  ];
  expect(new Set(stored).size).toBe(3);
});

test.each([
  '',
  '.',
  '..',
  '../../etc/passwd',
  'a/b',
  'a\\b',
  'a\u0000b',
  'a\nb',
  '\u001B[2J',
  'a\u009Bb',
  'lone \uD800',
])('%j is no name, whether it is sealed or opened', (name) => {
  expect(codeOf(() => namesOf({}).seal(folder, id, name))).toBe('bad-name');
  expect(codeOf(() => storedNameLength(name))).toBe('bad-name');
  const plaintext = new Uint8Array(48);
  plaintext.set(id);
  plaintext.set(utf8(name).subarray(0, 36), 12);
  const padded = plaintext.subarray(0, Math.ceil((12 + utf8(name).length) / 16) * 16);
  const opened = namesOf({}).open(folder, sealRaw(padded));
  // A lone surrogate cannot be sealed: it becomes U+FFFD on the way to UTF-8.
  if (name.isWellFormed()) expect(reasonOf(opened)).toBe('bad-name');
});

test('bytes that are no UTF-8, padding that says something, and padding too much', () => {
  const names = namesOf({});
  const sealed = (...name: number[]): string =>
    reasonOf(names.open(folder, sealRaw(Uint8Array.of(...id, ...name))));
  expect(sealed(0x61, 0x62, 0x63, 0x64)).toBe('opened abcd');
  expect(sealed(0xef, 0xbb, 0xbf, 0x61)).toBe('opened \uFEFFa');
  expect(sealed(0xff, 0xfe, 0x61, 0)).toBe('bad-name');
  expect(sealed(0xc0, 0xaf, 0, 0)).toBe('bad-name');
  expect(sealed(0xed, 0xa0, 0x80, 0)).toBe('bad-name');
  expect(sealed(0x61, 0, 0x61, 0)).toBe('bad-name');
  expect(sealed(0, 0, 0, 0)).toBe('bad-name');
  expect(sealed(0x61, ...filled(15, 0), ...filled(4, 0))).toBe('bad-name');
  expect(sealed(...filled(148, 0x61))).toBe('bad-name');
});

test('ids that no entry can have', () => {
  const names = namesOf({});
  for (const taken of folder) {
    expect(codeOf(() => names.seal(folder, taken, 'a'))).toBe('misuse');
    const plaintext = concatBytes(taken, utf8('loop'));
    expect(reasonOf(names.open(folder, sealRaw(plaintext)))).toBe('bad-id');
  }
  expect(codeOf(() => names.seal(folder, filled(11, 1), 'a'))).toBe('misuse');
});

test('what nobody stored', () => {
  const names = namesOf({});
  const stored = names.seal(folder, id, 'report.pdf');
  const bytes = base64urlnopad.decode(stored);
  for (const wrong of [
    '',
    '.keyring',
    'report.pdf',
    'AAAA',
    `${stored}=`,
    `${stored}A`,
    ` ${stored}`,
    stored.slice(1),
    base64urlnopad.encode(bytes.subarray(0, -1)),
    base64urlnopad.encode(bytes.subarray(0, 18)),
    `${stored.slice(0, -1)}\n`,
    '\u{1F600}'.repeat(20),
  ]) {
    expect(reasonOf(names.open(folder, wrong))).toBe('no-stored-name');
  }
});

test('the last character has no bits to spare: another spelling is no name', () => {
  const stored = namesOf({}).seal(folder, id, 'report.pdf');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  expect(stored.length % 4).not.toBe(0);
  const last = alphabet.indexOf(stored.at(-1) as string);
  const other = stored.slice(0, -1) + alphabet.charAt(last + 1);
  expect(reasonOf(namesOf({}).open(folder, other))).toBe('no-stored-name');
});

test('names have a longest length, and their stored length grows in steps', () => {
  const names = namesOf({});
  const longest = 'x'.repeat(144);
  expect(names.seal(folder, id, longest).length).toBeLessThanOrEqual(255);
  expect(codeOf(() => names.seal(folder, id, `${longest}x`))).toBe('name-too-long');
  expect(codeOf(() => names.seal(folder, id, 'ü'.repeat(73)))).toBe('name-too-long');
  expect(codeOf(() => storedNameLength('x'.repeat(300)))).toBe('name-too-long');
  const lengths = [1, 4, 5, 20, 21, 144].map((length) => storedNameLength('x'.repeat(length)));
  expect(lengths).toEqual([46, 46, 67, 67, 88, 238]);
});

test('composed and decomposed names are two names', () => {
  const names = namesOf({});
  const open = (name: string): OpenedName => names.open(folder, names.seal(folder, id, name));
  expect(open('\u00E9')).toMatchObject({ name: '\u00E9' });
  expect(open('e\u0301')).toMatchObject({ name: 'e\u0301' });
});

test('new ids are new, and never the root’s', () => {
  const ids = Array.from({ length: 20 }, () => hex(newEntryId()));
  expect(new Set(ids).size).toBe(20);
  let calls = 0;
  const [, backend] = backends[0]!;
  const zeroFirst = { ...backend, randomBytes: () => filled(12, calls++ === 0 ? 0 : 5) };
  expect(hex(newEntryId(zeroFirst))).toBe('05'.repeat(12));
});
