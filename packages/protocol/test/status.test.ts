import { expect, test } from '@jest/globals';

import { printable, statusTexts } from '../src/index.js';

test('every status has a short text that is safe to show', () => {
  const entries = Object.entries(statusTexts);
  expect(entries.length).toBeGreaterThan(0);
  for (const [status, text] of entries) {
    expect(status).toMatch(/^[2-5]\d\d$/u);
    expect(printable(text)).toBe(text);
    expect(text.length).toBeLessThan(64);
  }
  expect(new Set(Object.values(statusTexts)).size).toBe(entries.length);
});
