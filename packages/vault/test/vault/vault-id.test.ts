import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Identity } from '@e2eeftp/crypto';
import { parsePath } from '@e2eeftp/protocol';

import {
  formatVaultId,
  homeVaultId,
  keyringPath,
  parseKeyringName,
  parseVaultId,
  vaultIdOf,
  vaultPath,
} from '../../src/index.js';
import { backends } from '../support/backends.js';
import { filled, hex } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';

test('an id has one text, and only that text is read', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (id) => {
      const text = formatVaultId(id);
      expect(text).toMatch(/^[a-z2-7]{26}$/u);
      expect(hex(parseVaultId(text))).toBe(hex(id));
      for (const wrong of [
        text.toUpperCase(),
        `${text}a`,
        text.slice(1),
        `${text}======`,
        ` ${text}`,
      ]) {
        // Digits alone have no upper case, but 26 of them are no likely id.
        expect(codeOf(() => parseVaultId(wrong))).toBe('malformed');
      }
    }),
  );
});

test('the two bits that are left over must be zero', () => {
  const text = formatVaultId(filled(16, 0xff));
  expect(text.at(-1)).toBe('4');
  for (const last of '567') {
    expect(codeOf(() => parseVaultId(text.slice(0, -1) + last))).toBe('malformed');
  }
  expect(codeOf(() => formatVaultId(filled(15, 1)))).toBe('misuse');
});

describe.each(backends)('on %s', (_name, backend) => {
  test('a home belongs to one person; another vault to its first owner and its random bytes', () => {
    const one = new Identity(filled(32, 1), backend);
    const two = new Identity(filled(32, 2), backend);
    expect(hex(homeVaultId(one, backend))).toBe(hex(homeVaultId(one)));
    const ids = [
      homeVaultId(one, backend),
      homeVaultId(two, backend),
      vaultIdOf(one.publicKey, filled(16, 1), backend),
      vaultIdOf(one.publicKey, filled(16, 2), backend),
      vaultIdOf(two.publicKey, filled(16, 1), backend),
    ].map((bytes) => hex(bytes));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => id.length === 32)).toBe(true);
  });
});

test('paths obey the path rules', () => {
  const id = filled(16, 0xab);
  expect(vaultPath(id)).toBe(`vaults/${formatVaultId(id)}`);
  expect(keyringPath(id, 12)).toBe(`vaults/${formatVaultId(id)}/.keyring/12`);
  expect(parsePath(keyringPath(id, 12))).toBe(keyringPath(id, 12));
});

test('a keyring’s number has one spelling', () => {
  expect(parseKeyringName('1')).toBe(1);
  expect(parseKeyringName('1000000')).toBe(1_000_000);
  for (const name of [
    '0',
    '01',
    '1000001',
    '9999999',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '',
    ' 1',
    '1 ',
    'x',
    '١',
  ]) {
    expect(parseKeyringName(name)).toBe(undefined);
  }
});
