import { expect, jest, test } from '@jest/globals';

import { OpenFiles } from '../../src/store/open-files.js';

test('as many are open as may be, and who waits goes on in the order of coming', async () => {
  const files = new OpenFiles(2);
  const first = await files.take();
  const second = await files.take();
  const order: string[] = [];
  const third = files.take().then((release) => {
    order.push('third');
    return release;
  });
  const fourth = files.take().then((release) => {
    order.push('fourth');
    return release;
  });
  await Promise.resolve();
  expect(files.open).toBe(2);
  first();
  first();
  (await third)();
  (await fourth)();
  expect(order).toEqual(['third', 'fourth']);
  second();
  expect(files.open).toBe(0);
});

test('who comes when a place gets free is not faster than who waits', async () => {
  const files = new OpenFiles(1);
  const first = await files.take();
  const waits = files.take();
  first();
  const comes = files.take();
  expect(await Promise.race([waits.then(() => 'waited'), comes.then(() => 'came')])).toBe('waited');
  (await waits)();
  (await comes)();
  expect(files.open).toBe(0);
});

test('nobody waits for ever', async () => {
  jest.useFakeTimers();
  try {
    const files = new OpenFiles(0);
    const refused = expect(files.take()).rejects.toMatchObject({ code: 'busy' });
    await jest.advanceTimersByTimeAsync(5000);
    await refused;
    files.changeLimit(1);
    (await files.take())();
  } finally {
    jest.useRealTimers();
  }
});

test('a higher limit lets in who waits, a lower one closes nothing', async () => {
  const files = new OpenFiles(1);
  const first = await files.take();
  const waits = [files.take(), files.take()];
  files.changeLimit(3);
  const others = await Promise.all(waits);
  files.changeLimit(1);
  expect(files.open).toBe(3);
  for (const release of [first, ...others]) release();
  expect(files.open).toBe(0);
});

test('who waits when the store is closed hears of it', async () => {
  const files = new OpenFiles(0);
  const waits = expect(files.take()).rejects.toMatchObject({ code: 'io' });
  files.close();
  await waits;
});
