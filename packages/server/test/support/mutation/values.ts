import type { CborMap, CborValue } from '@e2eeftp/protocol';

import type { Random } from './random.js';

const numbers: readonly number[] = [
  ...[0, 1, -1, 2, 23, 24, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32, -(2 ** 31)],
  ...[Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 8.64e15, 8.64e15 + 1, -8.64e15],
];

export const texts: readonly string[] = [
  ...['', 'always', 'never', 'etag', '\u0000', '\n', '\r\n226|Transfer Complete', '\u001B[2J'],
  ...['\u202E', '\uFEFF', '\u{1F600}', '\uFFFD', '__proto__', 'constructor', 'toString', '-1'],
  ...['x'.repeat(64), 'x'.repeat(129), 'x'.repeat(4000), 'é'.repeat(2000)],
];

/** Where files are, may be, and cannot be. */
export const paths: readonly string[] = [
  ...['received/f', 'received/g', 'received/d/f', 'received/d/e/f', 'received/d', 'received'],
  ...['', '.', '..', '/', 'received/', '/received/f', 'received//f', 'received/../f', 'elsewhere'],
  ...['received/.', 'received/d/..', 'received\\f', 'received/\u0000', 'received/a\nb', 'vaults'],
  ...['vaults/v', 'vaults/v/f', '.e2eeftp', '.e2eeftp/uploads', 'received/.e2eeftp', 'Received/f'],
  ...['received/f/f', 'received/é', 'received/e\u0301', `received/${'n'.repeat(255)}`],
  ...[`received/${'n'.repeat(256)}`, `received/${Array(40).fill('d').join('/')}`],
  ...[`received/${Array(12).fill('x'.repeat(250)).join('/')}`, 'received/con', 'received/~'],
  ...[
    'received/a\u202Eb',
    'received/\u200B',
    'received/a\u2028b',
    'received/\uFEFF',
    'x'.repeat(4096),
  ],
  ...[`vaults/${'a'.repeat(26)}`, `vaults/${'a'.repeat(26)}/AAAA`],
  ...['1', '01', '2', '1000001', 'x'].map((name) => `vaults/${'a'.repeat(26)}/.keyring/${name}`),
  ...['received/\u001B[2J', 'received/a\u009B31m', 'received/\u007F', 'received/\u{E0041}'],
];

/** Any value that can be written down. */
export function anyValue(random: Random, depth = 2): CborValue {
  const kinds = ['null', 'boolean', 'number', 'text', 'path', 'bytes', 'list', 'map'] as const;
  switch (random.pick(depth > 0 ? kinds : kinds.slice(0, -2))) {
    case 'null':
      return null;
    case 'boolean':
      return random.chance(50);
    case 'number':
      return random.pick(numbers);
    case 'text':
      return random.pick(texts);
    case 'path':
      return random.pick(paths);
    case 'bytes':
      return random.bytes(random.pick([0, 1, 15, 16, 17, 31, 32, 33, 1000]));
    case 'list':
      return Array.from({ length: random.below(4) }, () => anyValue(random, depth - 1));
    case 'map':
      return anyMap(random, depth - 1);
  }
}

function anyMap(random: Random, depth: number): CborMap {
  const keys = ['path', 'size', 'a', 'b', ''];
  return Object.fromEntries(
    Array.from({ length: random.below(4) }, () => [random.pick(keys), anyValue(random, depth)]),
  );
}

/** The same arguments, but for something. */
export function mutatedArgs(random: Random, args: CborMap): CborMap {
  const changed = Object.fromEntries(Object.entries(args)) as Record<string, CborValue>;
  for (let changes = random.below(3); changes >= 0; changes--) {
    const key = random.pick([...Object.keys(changed), 'path', 'surplus']);
    switch (random.weighted({ replace: 5, move: 2, remove: 2, add: 1 })) {
      case 'replace':
        changed[key] = key in { path: 0, from: 0, to: 0 } ? anyPath(random) : anyValue(random);
        break;
      case 'move':
        changed[key] = changed[random.pick(Object.keys(changed))] ?? null;
        break;
      case 'remove':
        Reflect.deleteProperty(changed, key);
        break;
      case 'add':
        changed[random.pick(['surplus', 'Path', 'path ', 'offset', 'upload'])] = anyValue(random);
        break;
    }
  }
  return changed;
}

function anyPath(random: Random): CborValue {
  return random.chance(80) ? random.pick(paths) : anyValue(random);
}

/** Other bytes, of about the same length. */
export function mutatedBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const changed = [...bytes];
  for (let changes = random.below(3); changes >= 0; changes--) {
    const at = random.below(changed.length + 1);
    switch (random.weighted({ flip: 6, set: 3, insert: 3, cut: 3, repeat: 1, shorten: 1 })) {
      case 'flip':
        changed[at % Math.max(1, changed.length)]! ^= 1 << random.below(8);
        break;
      case 'set':
        changed[at % Math.max(1, changed.length)] = random.pick([0, 0x7f, 0x80, 0xff, 0xa0, 0xbf]);
        break;
      case 'insert':
        changed.splice(at, 0, ...random.bytes(1 + random.below(4)));
        break;
      case 'cut':
        changed.splice(at, 1 + random.below(4));
        break;
      case 'repeat':
        changed.splice(at, 0, ...changed.slice(at, at + 8));
        break;
      case 'shorten':
        changed.length = at;
        break;
    }
  }
  return Uint8Array.from(changed);
}
