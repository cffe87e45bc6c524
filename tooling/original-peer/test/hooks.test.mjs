import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { clientOf, withServer } from './folder.mjs';

const name = 'file';

async function got(hooks, options = {}) {
  let outcome;
  await withServer(hooks, async ({ server, identity, received }) => {
    await writeFile(join(received, name), 'text');
    outcome = await clientOf(server, identity, options)
      .get(name)
      .catch((error) => error.code);
  });
  return outcome;
}

test('without hooks the file comes', async () => {
  expect(await got({})).toMatchObject({ content: Buffer.from('text') });
});

test.each([
  ['an altered payload', { tamper: (payload) => payload.fill(0, 40, 41) }, 'bad-payload'],
  ['a short payload', { tamper: (payload) => payload.subarray(1) }, 'bad-answer'],
  ['a long payload', { tamper: (payload) => Buffer.concat([payload, payload]) }, 'bad-answer'],
  ['another length', { answerLine: () => '200|63\n' }, 'bad-answer'],
  ['no line', { answerLine: () => '', tamper: () => Buffer.alloc(0) }, 'bad-answer'],
  ['half an answer', { stopAfter: 40 }, 'bad-answer'],
  ['no answer', { stopAfter: 0 }, 'bad-answer'],
])('%s is refused', async (_what, hooks, code) => {
  expect(await got(hooks)).toBe(code);
});

test('a server that stays silent is not waited for for ever', async () => {
  expect(await got({ stopAfter: 40, hang: true }, { timeout: 200 })).toBe('timeout');
});

test('an answer may say what it likes', async () => {
  const answerLine = () => Buffer.from('404|\u001b[2J\n');
  expect(await got({ answerLine, tamper: () => Buffer.alloc(0) })).toEqual({
    line: '404|\u001b[2J',
    content: undefined,
  });
});
