import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

async function textAt(path: string): Promise<string> {
  return readFile(new URL(path, import.meta.url), 'utf8');
}

test('what cannot be noticed stands on the page about security, each with the test that shows it', async () => {
  const page = await textAt('../../../../SECURITY.md');
  const [, table = ''] = page.split('## What a server can still do to a vault');
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.includes('---'));
  const named = rows.slice(1).map((row) => row.split('|')[2]?.trim());
  const tests = await textAt('hostile-limits.test.ts');
  const titles = [...tests.matchAll(/^ {2}test\('([^']+)'/gmu)].map(([, title]) => title);
  expect(titles.length).toBeGreaterThan(10);
  expect(named).toEqual(titles);
});
