import { describe, expect, test } from '@jest/globals';

import { keyOf, StoreProbe, write } from '../../src/store/conformance/context.js';
import { storeConformance } from '../../src/store/conformance.js';
import { MemoryStore } from '../../src/store/memory-store.js';

storeConformance('MemoryStore', async () => ({ store: new MemoryStore() }), {
  describe,
  test,
  expect,
});

const noSpace = { code: 'no-space' };

function bytes(count: number): Uint8Array {
  return new Uint8Array(count);
}

test('what is kept of uploads takes room, until it is cut, discarded or deleted', async () => {
  const probe = new StoreProbe(new MemoryStore({ capacity: 100 }));
  const fits = async (count: number): Promise<void> => {
    await expect(probe.put('received/g', bytes(count + 1))).rejects.toMatchObject(noSpace);
    await probe.put('received/g', bytes(count));
    await probe.delete('received/g');
  };
  const key = keyOf(1);
  await (await write(probe.resume('received/f', key), bytes(60))).suspend();
  await fits(40);
  await (await probe.resume('received/f', key, 10)).suspend();
  await fits(90);
  const fenced = await write(probe.resume('received/f', key, 10), bytes(20));
  await probe.find(key);
  await fenced.discard();
  await fits(70);
  const refused = await probe.resume('received/f', key, 30);
  await expect(refused.write([bytes(71)])).rejects.toMatchObject(noSpace);
  await refused.suspend();
  await fits(70);
  await expect(probe.resume('received/f', keyOf(2), 0, 71)).rejects.toMatchObject(noSpace);
  await (await probe.resume('received/f', key, 30)).commit({ overwrite: 'never' });
  await fits(70);
  await (await write(probe.resume('received/h', keyOf(3)), bytes(50))).discard();
  await fits(70);
  await probe.delete('received/f');
  await fits(100);
});

test('an identity keeps a thousand unfinished uploads, and any number of finished ones', async () => {
  const probe = new StoreProbe(new MemoryStore());
  const keyAt = (index: number) => ({
    ...keyOf(0),
    id: Buffer.from(index.toString(16).padStart(32, '0'), 'hex'),
  });
  for (let index = 0; index < 1500; index++) {
    const upload = await probe.resume(`received/f${index}`, keyAt(index));
    await upload.commit({ overwrite: 'never' });
  }
  for (let index = 1500; index < 2500; index++) {
    await (await probe.resume('received/g', keyAt(index))).suspend();
  }
  await expect(probe.resume('received/g', keyAt(2500))).rejects.toMatchObject({ code: 'busy' });
  await (await probe.resume('received/g', keyOf(0, 2))).suspend();
  await (await probe.resume('received/g', keyAt(1500))).discard();
  await (await probe.resume('received/g', keyAt(2500))).suspend();
  // The oldest of the finished ones are forgotten.
  await expect(probe.find(keyAt(0))).rejects.toMatchObject({ code: 'not-found' });
  expect((await probe.find(keyAt(1499))).done).toBeDefined();
});
