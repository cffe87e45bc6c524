import { describe, expect, test } from '@jest/globals';

import { formatRemotePath, parseRemoteName } from '../src/index.js';
import { failureOf } from './home/support.js';

describe('a remote name', () => {
  test.each([
    ['', 'home', '', true],
    ['home:', 'home', '', true],
    ['/', 'home', '', true],
    ['plain:', 'plain', 'received', true],
    ['plain:/', 'plain', 'received', true],
    ['team:', 'team', '', true],
    ['report.pdf', 'home', 'report.pdf', false],
    ['plain:report.pdf', 'plain', 'received/report.pdf', false],
    ['team:report.pdf', 'team', 'report.pdf', false],
    ['a/b', 'home', 'a/b', false],
    ['a/b/', 'home', 'a/b', true],
    ['Plain:a', 'Plain', 'a', false],
    ['a:b', 'a', 'b', false],
    ['home:a:b', 'home', 'a:b', false],
    ['plain:plain:b', 'plain', 'received/plain:b', false],
    ['a/b:c', 'home', 'a/b:c', false],
    ['e\u0301:x', '\u00e9', 'x', false],
    ['-', 'home', '-', false],
    ['--json', 'home', '--json', false],
    [' ', 'home', ' ', false],
    ['e\u0301\u{1F600}', 'home', 'e\u0301\u{1F600}', false],
  ])('%j is in %s as %j', (text, tree, path, isFolder) => {
    expect(parseRemoteName(text)).toEqual({ tree, path, isFolder });
  });

  test.each([
    ':a',
    'a b:c',
    '-x:c',
    '.:c',
    'a\\b:c',
    `${'x'.repeat(65)}:c`,
    '..',
    '../a',
    'a/../b',
    'team:..',
    '.',
    '/a',
    'plain:/a',
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

  test('with a prefix that no vault can have says how a file of that name is meant', async () => {
    const { message } = await failureOf(() => parseRemoteName('a b:x'));
    expect(message).toContain('home:a b:x');
  });

  test.each([
    ['plain', 'received/a', 'received/a'],
    ['home', 'a/b', 'home:a/b'],
    ['team', '', 'team:'],
  ])('in %s is written with its tree: %j', (tree, path, text) => {
    expect(formatRemotePath(tree, path)).toBe(text);
  });
});
