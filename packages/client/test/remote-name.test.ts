import { describe, expect, test } from '@jest/globals';

import { parseRemoteName } from '../src/index.js';
import { failureOf } from './home/support.js';

describe('a remote name', () => {
  test.each([
    ['', 'received', true],
    ['plain:', 'received', true],
    ['/', 'received', true],
    ['report.pdf', 'received/report.pdf', false],
    ['plain:report.pdf', 'received/report.pdf', false],
    ['a/b', 'received/a/b', false],
    ['a/b/', 'received/a/b', true],
    ['plain:a:b', 'received/a:b', false],
    ['plain:plain:b', 'received/plain:b', false],
    ['a/b:c', 'received/a/b:c', false],
    ['-', 'received/-', false],
    ['--json', 'received/--json', false],
    [' ', 'received/ ', false],
    ['e\u0301\u{1F600}', 'received/e\u0301\u{1F600}', false],
  ])('%j is %s', (text, path, isFolder) => {
    expect(parseRemoteName(text)).toEqual({ path, isFolder });
  });

  test.each([
    'team:report.pdf',
    ':a',
    'Plain:a',
    'home:',
    'a:b',
    '..',
    '../a',
    'a/../b',
    '.',
    '/a',
    'a//b',
    'a//',
    'a\\b',
    'a\nb',
    'a\u0000',
    '\u001B[31m',
    '\u0085',
    '\ud800',
    'x'.repeat(256),
    'a/'.repeat(40),
  ])('%j is refused', async (text) => {
    expect((await failureOf(() => parseRemoteName(text))).code).toBe('bad-name');
  });

  test('in a vault says that there are none yet, and how a file of that name is meant', async () => {
    const { message } = await failureOf(() => parseRemoteName('team:x'));
    expect(message).toContain('vaults are not there yet');
    expect(message).toContain('plain:team:x');
  });
});
