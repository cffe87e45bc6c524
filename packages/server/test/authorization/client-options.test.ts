import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { encodeSshPublicKey, formatPublicKey, Identity } from '@e2eeftp/crypto';

import { parseAuthorizedClients, type AuthorizedClient } from '../../src/index.js';

const { publicKey } = Identity.generate();
const key = formatPublicKey(publicKey);
const sshKey = encodeSshPublicKey(publicKey);

/** What a line with these words behind a key grants; nothing when it grants nothing. */
function granted(words: string, before = key): Omit<AuthorizedClient, 'identity'> | undefined {
  const { clients, invalid } = parseAuthorizedClients(`${before} ${words}`);
  expect(clients.length + invalid.length).toBe(1);
  const [client] = clients;
  if (!client) return undefined;
  const { identity, ...options } = client;
  expect(Buffer.from(identity)).toEqual(Buffer.from(publicKey));
  return options;
}

describe('expires', () => {
  test.each([
    ['2027-06-30', '2027-07-01T00:00:00.000Z'],
    ['2027-12-31', '2028-01-01T00:00:00.000Z'],
    ['2028-02-29', '2028-03-01T00:00:00.000Z'],
    ['9999-12-31', '+010000-01-01T00:00:00.000Z'],
    ['2027-06-30T12:34Z', '2027-06-30T12:34:00.000Z'],
    ['2027-06-30T12:34:56Z', '2027-06-30T12:34:56.000Z'],
    ['2027-06-30T12:34:56+02:00', '2027-06-30T10:34:56.000Z'],
    ['2027-06-30T23:30-05:30', '2027-07-01T05:00:00.000Z'],
    ['2000-01-01', '2000-01-02T00:00:00.000Z'],
  ])('%s is %s', (value, time) => {
    expect(granted(`expires=${value}`)?.expires).toBe(Date.parse(time));
    expect(granted(`a comment expires=${value}`, sshKey)?.expires).toBe(Date.parse(time));
  });

  test.each([
    '',
    'never',
    'tomorrow',
    '0',
    '1782777600',
    '2027',
    '2027-06',
    '2027-6-30',
    '27-06-30',
    '2027-00-10',
    '2027-13-01',
    '2027-06-00',
    '2027-06-31',
    '2027-02-29',
    '2027-06-99',
    '9999-99-99',
    '0000-00-00',
    '2027-06-31T10:00Z',
    '2027-02-30T10:00:00+01:00',
    '2027-06-30T25:00Z',
    '2027-06-30T10:60Z',
    '2027-06-30T10:00:60Z',
    '2027-06-30T10:00',
    '2027-06-30T10:00:00',
    '2027-06-30T10:00:00.5Z',
    '2027-06-30T10:00z',
    '2027-06-30t10:00Z',
    '2027-06-30T10:00+24:00',
    '2027-06-30T10:00+99:99',
    '2027-06-30T10Z',
    '20270630',
    '2027/06/30',
    '2027-06-30,',
    '+002027-06-30',
    '-002027-06-30',
    '2027-W26-3',
    '2027-06-30=',
    '٢٠٢٧-٠٦-٣٠',
  ])('%j is no moment, and the line grants nothing', (value) => {
    expect(granted(`expires=${value}`)).toBeUndefined();
  });

  test('of any form is a moment or grants nothing, and never breaks the other lines', () => {
    const digits = (most: number): fc.Arbitrary<string> =>
      fc.nat(most).map((number) => `${number}`.padStart(2, '0'));
    const written = fc
      .tuple(fc.nat(9999), digits(19), digits(39), fc.constantFrom('', 'T'), digits(29), digits(69))
      .map(([year, month, day, time, hour, minute]) => {
        const date = `${`${year}`.padStart(4, '0')}-${month}-${day}`;
        return time === '' ? date : `${date}T${hour}:${minute}Z`;
      });
    const other = formatPublicKey(Identity.generate().publicKey);
    fc.assert(
      fc.property(written, (value) => {
        const { clients } = parseAuthorizedClients(`${key} expires=${value}\n${other}`);
        const expires = clients.length === 2 ? clients[0]?.expires : undefined;
        expect(clients.at(-1)?.expires).toBeUndefined();
        if (expires === undefined) return;
        const isDate = !value.includes('T');
        const time = new Date(isDate ? expires - 86_400_000 : expires).toISOString();
        const isMidnight = value.includes('T24:00');
        if (!isMidnight) expect(time.startsWith(value.replace('Z', ''))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('home', () => {
  test.each([
    ['alice', 'received/alice'],
    ['team/alice', 'received/team/alice'],
    ['vaults', 'received/vaults'],
    ['received', 'received/received'],
    ['.e2eeftp', 'received/.e2eeftp'],
    ['a=b', 'received/a=b'],
    ['Zoë', 'received/Zoë'],
    [Array(31).fill('d').join('/'), `received/${Array(31).fill('d').join('/')}`],
  ])('%s is %s', (value, path) => {
    expect(granted(`home=${value}`)?.home).toBe(path);
  });

  test.each([
    '',
    '.',
    '..',
    '../bob',
    'a/../b',
    'a/..',
    '/',
    '/etc',
    'a/',
    'a//b',
    'a/./b',
    'a\\b',
    '..\\bob',
    'a\u0000b',
    'a\u001Bb',
    'a\u007Fb',
    'a\u009Bb',
    '\uD800',
    'x'.repeat(256),
    Array(32).fill('d').join('/'),
    Array(13).fill('x'.repeat(255)).join('/'),
  ])('%j is no folder, and the line grants nothing', (value) => {
    expect(granted(`home=${value}`)).toBeUndefined();
  });
});

describe('what may come by the first generation', () => {
  const v1Of = (line: string): boolean | undefined =>
    parseAuthorizedClients(line).clients.map(({ v1 }) => v1)[0];

  test.each<[string, boolean | undefined]>([
    [key, true],
    [`  ${key}  `, true],
    [`${key}\r`, true],
    [`\uFEFF${key}`, true],
    [`${key} v1`, true],
    [`${key} access=ro v1`, true],
    [`${key} v1 name=x`, true],
    [`${sshKey} v1`, true],
    [`${sshKey} alice@laptop v1`, true],
    [sshKey, false],
    [`${sshKey} alice@laptop`, false],
    [`${key} alice`, false],
    [`${key} name=v1`, false],
    [`${key} access=ro`, false],
    [`${key} V1`, false],
    [`${key} v1.`, false],
    [`${key} v10`, false],
    [`${key} #v1`, false],
    [`${key} v1=yes`, undefined],
    [`${key} v1=`, undefined],
  ])('%j: %s', (line, v1) => {
    expect(v1Of(line)).toBe(v1);
  });
});

describe('a comment', () => {
  test.each<[string, string | undefined]>([
    ['alice@laptop', 'alice@laptop'],
    ['alice v1 laptop', 'alice laptop'],
    ['alice v1', 'alice'],
    ['v1', undefined],
    ['alice name=bob', 'bob'],
    ['name=bob alice', 'bob'],
    ['# alice', '# alice'],
  ])('%j names the client %j', (words, name) => {
    expect(granted(words, sshKey)?.name).toBe(name);
  });

  test.each([
    'user=alice',
    'a=b=c',
    '=',
    '=v1',
    'alice= laptop',
    'x=v1',
    'ACCESS=ro',
    'note=v1 v1',
  ])('with the sign of an option grants nothing: %j', (words) => {
    expect(granted(words, sshKey)).toBeUndefined();
  });

  test('of any form never grants a home, an expiry or access by the way', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const comment = text.replaceAll(/[\n=]/gu, '');
        const { clients } = parseAuthorizedClients(`${sshKey} ${comment}`);
        expect(clients).toHaveLength(1);
        const { access, home, expires, v1 } = clients[0]!;
        expect({ access, home, expires }).toEqual({ access: 'rw' });
        expect(v1).toBe(comment.split(/\s+/u).includes('v1'));
      }),
    );
  });
});

test('options are taken together, in any order, each once', () => {
  const options = ['name=alice', 'access=wo', 'home=in', 'expires=2027-06-30', 'v1'];
  const expected = granted(options.join(' '));
  expect(expected).toEqual({
    name: 'alice',
    access: 'wo',
    home: 'received/in',
    expires: Date.UTC(2027, 6, 1),
    v1: true,
  });
  fc.assert(
    fc.property(fc.shuffledSubarray(options, { minLength: options.length }), (words) => {
      expect(granted(words.join('  '))).toEqual(expected);
    }),
  );
  for (const word of options.slice(0, -1)) {
    expect(granted([...options, word].join(' '))).toBeUndefined();
  }
});
