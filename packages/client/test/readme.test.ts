import { runReadmeSnippets } from '@e2eeftp/readme-snippets';
import { expect, test } from '@jest/globals';

test('the README’s snippets compile and run', async () => {
  const { ran } = await runReadmeSnippets(new URL('../README.md', import.meta.url));
  expect(ran).toBe(5);
});
