import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { inspect } from 'node:util';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  decodePrivateKeyPem,
  decodePublicKeyPem,
  encodePrivateKeyPem,
  encodePublicKeyPem,
  encodeSshPublicKey,
  fingerprint,
  formatIdentity,
  formatPublicKey,
  Identity,
  normalizeFingerprint,
  parseIdentity,
  parsePublicKey,
} from '../src/index.js';
import { backends } from './support/backends.js';
import { arbitraryKey, hex, unhex } from './support/bytes.js';
import { errorOf, expectCode } from './support/errors.js';
import { sshKeyFile } from './support/key-files.js';
import { loadVectors, namedVectors, vectorFile } from './support/vectors.js';

const people = ['server', 'client', 'stranger'].map((name) => {
  return [name, vectorFile('v1').child(name)] as const;
});

describe.each(backends)('on %s', (_name, backend) => {
  test.each(people)('the key files of the first protocol’s %s, both ways', (_who, vector) => {
    const pem = vector.text('identity_private_pem');
    const identity = parseIdentity(pem, { backend });
    expect(hex(identity.exportSeed())).toBe(vector.text('identity_seed'));
    expect(hex(identity.publicKey)).toBe(vector.text('identity_public'));
    expect(formatIdentity(identity)).toBe(pem);
    expect(encodePublicKeyPem(identity.publicKey)).toBe(vector.text('identity_public_pem'));
    expect(formatPublicKey(identity.publicKey)).toBe(vector.text('identity_public_base64'));
    for (const form of ['identity_public_pem', 'identity_public_base64']) {
      expect(hex(parsePublicKey(vector.text(form)))).toBe(vector.text('identity_public'));
    }
  });

  test.each(loadVectors('fingerprints').map((each) => [each.text('fingerprint'), each] as const))(
    'the fingerprint %s',
    (expected, vector) => {
      expect(fingerprint(vector.bytes('identity'), backend)).toBe(expected);
      expect(normalizeFingerprint(expected)).toBe(expected);
    },
  );

  test('a generated identity signs, and is somebody new', () => {
    const identity = Identity.generate(backend);
    const message = Buffer.from('message');
    expect(backend.ed25519.verify(identity.publicKey, message, identity.sign(message))).toBe(true);
    expect(hex(identity.publicKey)).not.toBe(hex(Identity.generate(backend).publicKey));
  });
});

test('node:crypto reads our PEM, and we read its', () => {
  fc.assert(
    fc.property(arbitraryKey, (seed) => {
      const identity = new Identity(seed);
      const message = Buffer.from('message');
      const key = createPrivateKey(formatIdentity(identity));
      const publicKey = createPublicKey(encodePublicKeyPem(identity.publicKey));
      expect(verify(null, message, publicKey, identity.sign(message))).toBe(true);
      expect(hex(sign(null, message, key))).toBe(hex(identity.sign(message)));
      const pem = key.export({ type: 'pkcs8', format: 'pem' }) as string;
      expect(pem).toBe(formatIdentity(identity));
      expect(publicKey.export({ type: 'spki', format: 'pem' })).toBe(
        encodePublicKeyPem(identity.publicKey),
      );
      expect(hex(parseIdentity(pem).exportSeed())).toBe(hex(seed));
    }),
    { numRuns: 20 },
  );
});

test('a public key is read in every form, with blanks around it', () => {
  const { publicKey } = Identity.generate();
  const forms = [
    formatPublicKey(publicKey),
    encodePublicKeyPem(publicKey),
    encodePublicKeyPem(publicKey).replaceAll('\n', '\r\n'),
    encodeSshPublicKey(publicKey),
    encodeSshPublicKey(publicKey, 'somebody@somewhere, since 2024'),
    encodeSshPublicKey(publicKey, 'x').replaceAll(' ', '\t'),
  ];
  for (const form of forms) {
    expect(hex(parsePublicKey(form))).toBe(hex(publicKey));
    expect(hex(parsePublicKey(` \n${form}\r\n `))).toBe(hex(publicKey));
  }
});

describe('a public key is refused', () => {
  const { publicKey } = Identity.generate();
  const base64 = formatPublicKey(publicKey);

  test.each([
    ['empty', ''],
    ['not base64', '!'.repeat(44)],
    ['without its padding', base64.slice(0, -1)],
    ['with something behind it', `${base64} somebody`],
    ['too short', Buffer.alloc(31, 9).toString('base64')],
    ['too long', Buffer.alloc(33, 9).toString('base64')],
    ['two of them', `${base64}\n${base64}`],
    ['two OpenSSH lines', `${encodeSshPublicKey(publicKey)} a\n${encodeSshPublicKey(publicKey)} b`],
    ['an OpenSSH line without its key', 'ssh-ed25519'],
    ['of another kind on the outside', encodeSshPublicKey(publicKey).replace('ed25519', 'ed448')],
    ['an RSA key', sshKeyFile('rsa.pub')],
    ['an ECDSA key', sshKeyFile('ecdsa.pub')],
    [
      'an OpenSSH line with another kind within',
      sshKeyFile('rsa.pub').replace('ssh-rsa', 'ssh-ed25519'),
    ],
    ['with options before it', `no-pty ${encodeSshPublicKey(publicKey)}`],
    ['a private key', formatIdentity(Identity.generate())],
    ['an X25519 key', x25519Pem('spki')],
    ['text before the armor', `x\n${encodePublicKeyPem(publicKey)}`],
    ['text behind the armor', `${encodePublicKeyPem(publicKey)}x`],
    ['a damaged armor', encodePublicKeyPem(publicKey).replace('MCow', 'MC-w')],
  ])('%s', (_what, text) => {
    expectCode('unreadable-key-file', () => parsePublicKey(text));
  });

  const unusable = namedVectors('ed25519-edge-cases').filter(([, vector]) =>
    ['public key of small order', 'public key not canonical'].includes(vector.text('layer')),
  );

  test.each(unusable)('%s, in every form', (_comment, vector) => {
    const key = vector.bytes('publicKey');
    for (const form of [formatPublicKey(key), encodePublicKeyPem(key), encodeSshPublicKey(key)]) {
      expectCode('unreadable-key-file', () => parsePublicKey(form));
    }
  });
});

function x25519Pem(type: 'spki' | 'pkcs8'): string {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return type === 'spki'
    ? (publicKey.export({ type, format: 'pem' }) as string)
    : (privateKey.export({ type, format: 'pem' }) as string);
}

describe('a private key is refused', () => {
  const pem = formatIdentity(Identity.generate());
  const encrypted = createPrivateKey(pem).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  }) as string;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;

  test.each([
    ['empty', ''],
    ['a public key', encodePublicKeyPem(Identity.generate().publicKey)],
    ['an X25519 key', x25519Pem('pkcs8')],
    ['an RSA key', rsa.export({ type: 'pkcs8', format: 'pem' }) as string],
    ['an encrypted key', encrypted],
    ['two keys', pem + pem],
    ['text behind the armor', `${pem}x`],
    ['another label at the end', pem.replace('END PRIVATE', 'END PUBLIC')],
  ])('%s', (_what, text) => {
    expectCode('unreadable-key-file', () => parseIdentity(text));
  });

  test('an encrypted one with a word about what to do', () => {
    expect(errorOf(() => parseIdentity(encrypted))?.message).toContain('ssh-keygen');
  });

  test('cut short anywhere', () => {
    for (let length = 0; length < pem.trimEnd().length; length++) {
      expectCode('unreadable-key-file', () => parseIdentity(pem.slice(0, length)));
    }
  });

  // PKCS#8 holds no check on the seed: a changed character of it is another key, never this one.
  test('or is not the same, with any character changed', () => {
    const seed = hex(parseIdentity(pem).exportSeed());
    for (let index = 0; index < pem.trimEnd().length; index++) {
      const other = pem.charAt(index) === 'A' ? 'B' : 'A';
      const changed = pem.slice(0, index) + other + pem.slice(index + 1);
      let found = '';
      const error = errorOf(() => (found = hex(parseIdentity(changed).exportSeed())));
      if (error) expect(error.code).toBe('unreadable-key-file');
      else expect(found).not.toBe(seed);
    }
  });
});

test('raw keys of another length are refused wherever one is written', () => {
  for (const length of [0, 31, 33, 64]) {
    const bytes = new Uint8Array(length).fill(9);
    expectCode('bad-key', () => new Identity(bytes));
    expectCode('bad-key', () => fingerprint(bytes));
    expectCode('bad-key', () => formatPublicKey(bytes));
    expectCode('bad-key', () => encodePublicKeyPem(bytes));
    expectCode('bad-key', () => encodePrivateKeyPem(bytes));
    expectCode('bad-key', () => encodeSshPublicKey(bytes));
  }
});

test('raw PEM functions are each other’s inverse', () => {
  fc.assert(
    fc.property(arbitraryKey, (key) => {
      expect(hex(decodePrivateKeyPem(encodePrivateKeyPem(key)))).toBe(hex(key));
      expect(hex(decodePublicKeyPem(encodePublicKeyPem(key)))).toBe(hex(key));
      expectCode('unreadable-key-file', () => decodePublicKeyPem(encodePrivateKeyPem(key)));
    }),
    { numRuns: 20 },
  );
});

test('a comment cannot bring a second line into a file of keys', () => {
  const { publicKey } = Identity.generate();
  for (const comment of ['a\nssh-ed25519 AAAA', 'a\r', '\u0085', 'a\0b', '\u001b[31m']) {
    expectCode('misuse', () => encodeSshPublicKey(publicKey, comment));
  }
});

test('what a person types for a fingerprint is recognized, and nothing else', () => {
  const usual = '33XJV-IKGPU-FL2YK-335XE';
  for (const typed of [
    usual,
    usual.toLowerCase(),
    '33xjvikgpufl2yk335xe',
    ' 33XJV IKGPU  FL2YK-335XE\n',
  ]) {
    expect(normalizeFingerprint(typed)).toBe(usual);
  }
  for (const typed of [
    '',
    usual.slice(0, -1),
    `${usual}A`,
    usual.replace('3', '1'),
    usual.replace('X', 'ß'),
    usual.replace('-', '_'),
  ]) {
    expect(normalizeFingerprint(typed)).toBeUndefined();
  }
  fc.assert(
    fc.property(arbitraryKey, (key) => {
      const text = fingerprint(key);
      expect(text).toMatch(/^([A-Z2-7]{5}-){3}[A-Z2-7]{5}$/u);
      expect(normalizeFingerprint(text.toLowerCase().replaceAll('-', ' '))).toBe(text);
    }),
  );
});

describe('the seed', () => {
  const seed = unhex('0123456789abcdef'.repeat(4));
  const identity = new Identity(seed);

  test('is shown by nothing that prints or serializes an identity', () => {
    const printed = [
      inspect(identity, { depth: Infinity, showHidden: true, getters: true }),
      inspect({ identity }, { depth: Infinity }),
      JSON.stringify({ identity }),
      JSON.stringify(Object.getOwnPropertyDescriptors(identity)),
      Object.keys(identity).join(' '),
    ].join('\n');
    const forms = [
      hex(seed),
      Buffer.from(seed).toString('base64'),
      [...seed.slice(0, 4)].join(','),
      [...seed.slice(0, 4)].join(', '),
      '01 23 45 67',
    ];
    for (const form of forms) expect(printed).not.toContain(form);
  });

  test('cannot be cloned out of an identity', () => {
    expect(JSON.stringify(structuredClone({ identity }))).not.toContain('1');
  });

  test('is copied on its way in and out', () => {
    const given = Uint8Array.from(seed);
    const one = new Identity(given);
    const before = hex(one.sign(seed));
    given.fill(0);
    one.exportSeed().fill(0);
    expect(hex(one.exportSeed())).toBe(hex(seed));
    expect(hex(one.sign(seed))).toBe(before);
  });

  test('is in no error about a damaged key file', () => {
    const pem = formatIdentity(identity);
    const error = errorOf(() =>
      parseIdentity(pem.replace('PRIVATE KEY-----\n', 'PRIVATE KEY-----\n!')),
    );
    const shown = inspect(error, { depth: Infinity });
    expect(shown).not.toContain(pem.split('\n')[1]?.slice(24));
    expect(shown).not.toContain(hex(seed));
  });
});
