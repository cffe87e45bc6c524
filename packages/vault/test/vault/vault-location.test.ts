import { expect, test } from '@jest/globals';

import { parsePath } from '@e2eeftp/protocol';

import { formatVaultId, keyringPath, locateInVault, vaultPath } from '../../src/index.js';
import { filled } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';

const vault = filled(16, 0x5c);
const root = vaultPath(vault);

test('a path leads to a vault, its keyrings or its entries', () => {
  expect(locateInVault(root)).toEqual({ kind: 'vault', vault });
  expect(locateInVault(parsePath(`${root}/.keyring`))).toEqual({ kind: 'keyrings', vault });
  const keyring = { kind: 'keyring', vault, sequence: 12 };
  expect(locateInVault(keyringPath(vault, 12))).toEqual(keyring);
  const storedNames = ['AAEx-_', 'AAEy'];
  expect(locateInVault(parsePath(`${root}/AAEx-_/AAEy`))).toEqual({
    kind: 'entry',
    vault,
    storedNames,
  });
});

test.each(['', 'vaults', 'received', 'received/vaults/x', 'Vaults/x'])(
  '%j leads to none',
  (path) => {
    expect(locateInVault(parsePath(path))).toBe(undefined);
  },
);

test.each([
  'vaults/x',
  `vaults/${formatVaultId(vault).toUpperCase()}`,
  ...[
    '.KEYRING/1',
    '.Keyring',
    '.keyring/0',
    '.keyring/01',
    '.keyring/1/x',
    '.keyring/x',
    'report.pdf',
    'AAE/report.pdf',
    'AAE/.keyring',
    '.\u212Aeyring',
  ].map((below) => `${root}/${below}`),
])('nothing can be at %s', (path) => {
  expect(codeOf(() => locateInVault(parsePath(path)))).toBe('malformed');
});
