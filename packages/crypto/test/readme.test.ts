import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { runReadmeSnippets } from '@e2eeftp/readme-snippets';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

test('the README’s snippets compile and run', async () => {
  const { ran } = await runReadmeSnippets(new URL('../README.md', import.meta.url));
  expect(ran).toBe(5);
});

describe('a README whose snippets do not run fails', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'e2eeftp-readme-test-'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module", "bin": { "p": "p.js" } }');
    await writeFile(join(folder, 'p.js'), 'console.log("the program");\n');
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function check(markdown: string): Promise<number> {
    const readme = join(folder, 'README.md');
    await writeFile(readme, markdown);
    return (await runReadmeSnippets(pathToFileURL(readme))).ran;
  }

  test.each([
    ['without a block', '# Title\n\ntext\n', 'no block'],
    ['of a block without an end', '```js\n1;\n', 'has no end'],
    ['that throws', '# T\n\n```js\n\nthrow new Error("on purpose");\n```\n', 'on purpose'],
    ['that throws, by its line', '# T\n\n```js\nthrow 1;\n```\n', 'block at line 4'],
    ['in the second block alone', '```js\n1;\n```\n\n```js\nthrow 2;\n```\n', 'block at line 6'],
    [
      'with a wrong type',
      '# T\n\n```ts\n\nconst a: string = 1;\nexport { a };\n```\n',
      'line 5: Type',
    ],
    ['with a shell command', '```sh run\np\nfalse\np\n```\n', 'the program'],
  ])('%s', async (_what, markdown, message) => {
    await expect(check(markdown)).rejects.toThrow(message);
  });

  test('but not one that has other blocks too', async () => {
    const markdown = '```sh\nfalse\n```\n```json\n{}\n```\n```sh run\np\n```\n```js\n1;\n```\n';
    expect(await check(markdown)).toBe(2);
  });
});
