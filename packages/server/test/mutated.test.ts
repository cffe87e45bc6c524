import { expect, test } from '@jest/globals';

import { builtinCommands } from '../src/index.js';
import { expectToStand } from './mutation-run.js';
import { corpus } from './support/mutation/corpus.js';
import { Random } from './support/mutation/random.js';

test('2,000 mutated messages harm neither the server nor a client that obeys the protocol', async () => {
  await expectToStand(2000, 20_260_601);
}, 300_000);

test('what is mutated has every command in it', () => {
  const asked = corpus(new Random(1)).map(({ command }) => command);
  const words = builtinCommands.map(({ name }) => name);
  expect(words.filter((word) => !asked.includes(word))).toEqual([]);
});
