import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

import { encodeRecordHeader, labels } from '@e2eeftp/crypto';

import { commandSchemas, limits, statusTexts } from '../src/index.js';

const specification = readFileSync(new URL('../../../SPEC.md', import.meta.url), 'utf8');

/** The rows of the tables in one section, cells without the marks around code. */
function rowsOf(section: string): string[][] {
  const [, body = ''] = specification.split(`\n## ${section}\n`);
  const [content = ''] = body.split('\n## ');
  return content
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/u)
        .map((cell) => cell.trim()),
    );
}

describe('SPEC.md says what the code does', () => {
  test('about statuses', () => {
    const rows = rowsOf('Statuses').filter(([status = '']) => /^\d+$/u.test(status));
    expect(Object.fromEntries(rows.map(([status, text]) => [status, text]))).toEqual(statusTexts);
  });

  test('about the arguments of commands', () => {
    const rows = rowsOf('Commands').filter(([word = '']) => /^`[A-Z]+`$/u.test(word));
    const written = rows.map(([word = '', , args = '']) => [
      word.replaceAll('`', ''),
      [...args.matchAll(/`([a-z]+)\??`/gu)].map(([, name]) => name),
    ]);
    const known = Object.entries(commandSchemas).map(([word, { args }]) => [
      word,
      Object.keys(args.shape),
    ]);
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(known));
  });

  test('about which arguments are needed', () => {
    const rows = rowsOf('Commands').filter(([word = '']) => /^`[A-Z]+`$/u.test(word));
    const written = rows.map(([word = '', , args = '']) => [
      word.replaceAll('`', ''),
      [...args.matchAll(/`([a-z]+)`/gu)].map(([, name]) => name),
    ]);
    const known = Object.entries(commandSchemas).map(([word, { args }]) => [
      word,
      args.safeParse({}).error?.issues.map(({ path }) => path[0]) ?? [],
    ]);
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(known));
  });

  test('about the labels of the key schedule', () => {
    const names = Object.values(labels).map((label) => new TextDecoder().decode(label));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(specification).toContain(`"${name}"`);
  });

  test('about the numbers of record types', () => {
    const rows = rowsOf('Records').filter(([type = '']) => /^\d$/u.test(type));
    expect(rows).toHaveLength(6);
    for (const [number, name] of rows) {
      const type = name as Parameters<typeof encodeRecordHeader>[0];
      expect([name, String(encodeRecordHeader(type, 16)[0])]).toEqual([name, number]);
    }
  });

  test('about limits', () => {
    const written = rowsOf('Limits')
      .map(([, limit = '']) => limit.replaceAll(',', ''))
      .join('\n');
    for (const limit of [
      limits.record,
      limits.request,
      limits.depth,
      limits.text,
      limits.command,
      limits.uploadId,
      limits.card,
    ]) {
      expect(written).toMatch(new RegExp(`^${limit}\\b`, 'mu'));
    }
    expect(written).toContain(
      `${limits.path} bytes; ${limits.pathComponent} bytes; ${limits.pathDepth}`,
    );
  });
});
