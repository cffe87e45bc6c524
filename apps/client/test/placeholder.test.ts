import { expect, test } from '@jest/globals';

import { placeholder } from '../src/main.js';

test('placeholder', () => {
  expect(placeholder).toBe(true);
});
