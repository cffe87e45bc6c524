import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { encodeSshPublicKey, parseIdentity, parsePublicKey } from '../src/index.js';
import { nobleBackend } from '../src/backends/noble/index.js';
import { hex } from './support/bytes.js';
import { errorOf, expectCode } from './support/errors.js';
import { sshKeyFile } from './support/key-files.js';

const sshKeygen = 'ssh-keygen';

const keys: [string, string | undefined][] = [
  ['plain', undefined],
  ['passphrase', 'correct horse'],
  ['unicode-passphrase', 'pässwörd ☃'],
];

describe.each(keys)('the key "%s"', (name, passphrase) => {
  const options = passphrase === undefined ? {} : { passphrase };

  test('is the one in its .pub file, on both backends', () => {
    const publicKey = parsePublicKey(sshKeyFile(`${name}.pub`));
    const file = sshKeyFile(name);
    expect(hex(parseIdentity(file, options).publicKey)).toBe(hex(publicKey));
    const portable = parseIdentity(file, { ...options, backend: nobleBackend });
    expect(hex(portable.publicKey)).toBe(hex(publicKey));
    expect(hex(portable.exportSeed())).toBe(hex(parseIdentity(file, options).exportSeed()));
  });

  test('is written as the same line', () => {
    const line = sshKeyFile(`${name}.pub`).trim();
    const comment = line.split(' ').slice(2).join(' ');
    expect(encodeSshPublicKey(parsePublicKey(line), comment)).toBe(line);
  });

  test('is read with other line ends and blanks around it', () => {
    const file = `\r\n ${sshKeyFile(name).replaceAll('\n', '\r\n')}\n`;
    expect(errorOf(() => parseIdentity(file, options))).toBeUndefined();
  });
});

test('a passphrase that is not needed does no harm', () => {
  expect(errorOf(() => parseIdentity(sshKeyFile('plain'), { passphrase: 'x' }))).toBeUndefined();
});

test.each([
  ['missing', undefined, 'unreadable-key-file'],
  ['empty', '', 'unreadable-key-file'],
  ['wrong', 'correct horsf', 'wrong-passphrase'],
  ['almost right', 'correct horse ', 'wrong-passphrase'],
])('a passphrase that is %s is said to be', (_what, passphrase, code) => {
  const error = errorOf(() =>
    parseIdentity(sshKeyFile('passphrase'), passphrase === undefined ? {} : { passphrase }),
  );
  expect(error?.code).toBe(code);
  expect(error?.message).toContain('passphrase');
});

test.each(['rsa', 'rsa-pem', 'ecdsa', 'other-cipher'])('the key "%s" is refused', (name) => {
  expectCode('unreadable-key-file', () =>
    parseIdentity(sshKeyFile(name), { passphrase: 'correct horse' }),
  );
});

test('a cipher that is not supported is named, with the way to another', () => {
  const error = errorOf(() => parseIdentity(sshKeyFile('other-cipher'), { passphrase: 'x' }));
  expect(error?.message).toContain('ssh-keygen -p -Z aes256-ctr');
});

function armored(bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes).toString('base64');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${base64}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function blob(name: string): Uint8Array {
  return Uint8Array.from(
    Buffer.from(sshKeyFile(name).replaceAll(/-----.*-----|\s/gu, ''), 'base64'),
  );
}

/** The seed that a file gives, or the code of the refusal. */
function outcome(text: string, passphrase?: string): string {
  let seed = '';
  const error = errorOf(() => {
    seed = hex(parseIdentity(text, passphrase === undefined ? {} : { passphrase }).exportSeed());
  });
  return error?.code ?? seed;
}

describe('a damaged file', () => {
  const file = sshKeyFile('plain');
  const seed = outcome(file);

  test('that is cut short anywhere is refused', () => {
    for (let length = 0; length < file.trimEnd().length; length++) {
      expect(outcome(file.slice(0, length))).toBe('unreadable-key-file');
    }
    const bytes = blob('plain');
    for (let length = 0; length < bytes.length; length++) {
      expect(outcome(armored(bytes.subarray(0, length)))).toBe('unreadable-key-file');
      expect(outcome(armored(Uint8Array.of(...bytes, ...bytes.subarray(0, length + 1))))).toBe(
        'unreadable-key-file',
      );
    }
  });

  test('with any byte changed is refused or gives the same key', () => {
    const bytes = blob('plain');
    expect(outcome(armored(bytes))).toBe(seed);
    let same = 0;
    for (let index = 0; index < bytes.length; index++) {
      for (const mask of [1, 0x80, 0xff]) {
        const changed = Uint8Array.from(bytes);
        changed[index] = (changed[index] as number) ^ mask;
        const found = outcome(armored(changed));
        expect(['unreadable-key-file', seed]).toContain(found);
        if (found === seed) same++;
      }
    }
    // Only the comment is not covered: three changes to each of its letters.
    expect(same).toBe('a test key'.length * 3);
  });

  test('with any character changed is refused or gives the same key', () => {
    fc.assert(
      fc.property(
        fc.nat(file.length - 1),
        fc.string({ unit: 'binary', maxLength: 2 }),
        (index, text) => {
          const changed = file.slice(0, index) + text + file.slice(index + 1);
          expect(['unreadable-key-file', seed]).toContain(outcome(changed));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('of bytes that nobody wrote is refused', () => {
    const magic = Buffer.from('openssh-key-v1\0');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(outcome(armored(bytes))).toBe('unreadable-key-file');
        expect(outcome(armored(Buffer.concat([magic, bytes])))).toBe('unreadable-key-file');
      }),
    );
  });

  test('with a passphrase, changed, is refused or gives the same key', () => {
    const bytes = blob('passphrase');
    const right = outcome(sshKeyFile('passphrase'), 'correct horse');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (index, mask) => {
        const changed = Uint8Array.from(bytes);
        changed[index] = (changed[index] as number) ^ mask;
        expect(['unreadable-key-file', 'wrong-passphrase', right]).toContain(
          outcome(armored(changed), 'correct horse'),
        );
      }),
      { numRuns: 12 },
    );
  });

  test('that asks for a million rounds of its passphrase hash does not get them', () => {
    const bytes = Buffer.from(blob('passphrase'));
    const rounds = bytes.indexOf(Buffer.from('bcrypt')) + 6 + 4 + 4 + 16;
    expect(bytes.readUInt32BE(rounds)).toBe(16);
    for (const asked of [0, 4097, 1_000_000, 0xffffffff]) {
      bytes.writeUInt32BE(asked, rounds);
      expect(outcome(armored(bytes), 'correct horse')).toBe('unreadable-key-file');
    }
  });
});

if (spawnSync(sshKeygen, ['-?']).error === undefined) {
  describe('with the ssh-keygen of this machine', () => {
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'e2eeftp-ssh-'));
    });
    afterAll(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    test.each([
      ['without a passphrase', ''],
      ['with one', 'a passphrase'],
    ])('a new key %s is read', (_what, passphrase) => {
      const path = join(folder, `key${passphrase.length}`);
      execFileSync(sshKeygen, ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'c', '-f', path]);
      const identity = parseIdentity(readFileSync(path, 'utf8'), { passphrase });
      const line = readFileSync(`${path}.pub`, 'utf8').trim();
      expect(encodeSshPublicKey(identity.publicKey, 'c')).toBe(line);
    });

    test('our line is one that it reads', () => {
      const path = join(folder, 'ours.pub');
      writeFileSync(
        path,
        `${encodeSshPublicKey(parsePublicKey(sshKeyFile('plain.pub')), 'ours')}\n`,
      );
      const printed = execFileSync(sshKeygen, ['-l', '-f', path], { encoding: 'utf8' });
      expect(printed).toBe(
        '256 SHA256:60XaAgAkOgephbHYHETgrCrvHI5Z0IUzV1l+nxkBdyc ours (ED25519)\n',
      );
    });
  });
}
