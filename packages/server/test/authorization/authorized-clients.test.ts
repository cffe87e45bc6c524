import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { encodeSshPublicKey, formatPublicKey, Identity } from '@e2eeftp/crypto';

import { parseAuthorizedClients } from '../../src/index.js';

const alice = Identity.generate().publicKey;
const bob = Identity.generate().publicKey;
const key = formatPublicKey(alice);
const otherKey = formatPublicKey(bob);
const sshKey = encodeSshPublicKey(alice);

/** What one line grants, or why it grants nothing. */
function granted(line: string): unknown {
  const { clients, invalid } = parseAuthorizedClients(line);
  expect(clients.length + invalid.length).toBe(1);
  const [client] = clients;
  if (!client) return invalid[0]?.reason;
  expect(Buffer.from(client.identity)).toEqual(Buffer.from(alice));
  return [client.name, client.access];
}

test.each<[string, unknown]>([
  [key, [undefined, 'rw']],
  [`  ${key}\t`, [undefined, 'rw']],
  [`\uFEFF${key}`, [undefined, 'rw']],
  [`${key} name=alice`, ['alice', 'rw']],
  [`${key} access=ro`, [undefined, 'ro']],
  [`${key} access=wo name=drop-box`, ['drop-box', 'wo']],
  [`${key}  access=admin   name=a=b`, ['a=b', 'admin']],
  [`${key} alice`, ['alice', 'rw']],
  [sshKey, [undefined, 'rw']],
  [`${sshKey} alice@laptop`, ['alice@laptop', 'rw']],
  [`${sshKey} Alice on her laptop`, ['Alice on her laptop', 'rw']],
  [`${sshKey} alice@laptop access=ro`, ['alice@laptop', 'ro']],
  [`${sshKey} alice@laptop name=alice`, ['alice', 'rw']],
])('%s', (line, client) => {
  expect(granted(line)).toEqual(client);
});

test.each<[string, boolean]>([
  [key, true],
  [`\uFEFF\t${key}  \r`, true],
  [`${key} v1`, true],
  [`${key} alice v1`, true],
  [`${key} v1 name=alice access=ro`, true],
  [`${sshKey} v1`, true],
  [`${sshKey} alice@laptop access=ro v1`, true],
  [`${key} v1 v1`, true],
  [`${key} access=rw`, false],
  [`${key} name=alice`, false],
  [`${key} alice`, false],
  [`${key} V1`, false],
  [`${key} v12`, false],
  [`${key} name=v1`, false],
  [`${key} #v1`, false],
  [sshKey, false],
  [`${sshKey} alice@laptop`, false],
])('%s: whether the first generation is allowed', (line, isAllowed) => {
  expect(parseAuthorizedClients(line).clients).toMatchObject([{ v1: isAllowed }]);
});

test.each([
  'v1=1',
  'v1=',
  'v1=no',
  'access=root',
  'access=RO',
  'access=',
  'Access=ro',
  'ACCESS=ro',
  'acces=ro',
  'access-level=ro',
  'expires=2027-02-30',
  'expires=soon',
  'home=../alice',
  'quota=20XB',
  'quota=',
  'quota=-1',
  'quota=1GB quota=2GB',
  'no_pty=1',
  '=ro',
  'name=',
  'access=ro access=rw',
  'name=a name=b',
  'alice =x',
])('a line with %j grants nothing', (option) => {
  expect(granted(`${key} ${option}`)).toMatch(/is not known, not valid or given twice$/u);
  expect(granted(`${sshKey} ${option}`)).toMatch(/is not known, not valid or given twice$/u);
});

test.each([
  key.slice(1),
  key.slice(0, -1),
  `${key}=`,
  key.replace(/.$/u, '!'),
  formatPublicKey(new Uint8Array(32)),
  sshKey.replace('ed25519', 'rsa'),
  sshKey.slice(0, -4),
  `restrict ${sshKey}`,
  `from="10.0.0.1" ${sshKey}`,
  'ssh-ed25519',
  '-----BEGIN PUBLIC KEY-----',
  '\u0000',
])('%j is no key', (line) => {
  expect(typeof granted(line)).toBe('string');
});

test('blank lines and comments say nothing, and lines are counted with them', () => {
  const text = `# ${key}\n\n  \t\n  # more\r\n${key} name=a\r\nbad\r\n#\n${otherKey}`;
  const { clients, invalid } = parseAuthorizedClients(text);
  expect(clients.map(({ name }) => name)).toEqual(['a', undefined]);
  expect(invalid).toEqual([{ line: 6, reason: expect.any(String) }]);
  expect(parseAuthorizedClients('')).toEqual({ clients: [], invalid: [] });
});

test('a key counts where it stands first, in whichever form', () => {
  const text = `${key} access=ro\n${otherKey}\n${sshKey} access=admin\n${key}\n`;
  const { clients, invalid } = parseAuthorizedClients(text);
  expect(clients.map(({ access }) => access)).toEqual(['ro', 'rw']);
  expect(invalid).toEqual([
    { line: 3, reason: 'The key stands in line 1 already' },
    { line: 4, reason: 'The key stands in line 1 already' },
  ]);
});

test('a key counts although an earlier line of it grants nothing', () => {
  const { clients, invalid } = parseAuthorizedClients(`${key} oops=1\n${key} access=ro`);
  expect(clients).toMatchObject([{ access: 'ro' }]);
  expect(invalid).toHaveLength(1);
});

test('names cannot move a terminal', () => {
  expect(granted(`${sshKey} a\u001B[2Jb\u202Ec`)).toEqual(['a\uFFFD[2Jb\uFFFDc', 'rw']);
  expect(granted(`${key} name=\u009B31m`)).toEqual(['\uFFFD31m', 'rw']);
  expect(granted(`${key} \u001B=1`)).not.toMatch(/\u001B/u);
});

describe('any text', () => {
  test('is read, and nothing is lost', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(key, otherKey, sshKey, '', '# x', `${key} access=ro`, `${otherKey} x=y`),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = lines.join('\n');
        const { clients, invalid } = parseAuthorizedClients(text);
        const said = text
          .split('\n')
          .filter((raw) => raw.trim() !== '' && !raw.trim().startsWith('#'));
        expect(clients.length + invalid.length).toBe(said.length);
      }),
    );
  });

  test('behind a key grants nothing more than the key alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (rest) => {
        const [line = ''] = `${key} ${rest}`.split('\n');
        for (const { access } of parseAuthorizedClients(line).clients) {
          expect(access === 'rw' || line.includes(`access=${access}`)).toBe(true);
        }
      }),
    );
  });
});
