// Makes uploads that can be resumed, several at a time, breaks some off, goes on with them and
// commits them, telling before each step what it is about to do and after it what it was told,
// until it is killed.
import { writeSync } from 'node:fs';

import { keyOf, patternBytes, randomNumbers } from '../../../dist/store/conformance/context.js';
import { FileStore } from '../../../dist/store/file-store.js';

const [directory, durability, owner] = process.argv.slice(2);
const say = (...words) => writeSync(1, `${words.join(' ')}\n`);
const random = randomNumbers(Number(owner));
const mebibyte = 1024 * 1024;
const workers = 3;
const store = await FileStore.open({ directory, durability });

async function send(id) {
  // Some are so large that they are flushed in passing.
  const size = random(8) === 0 ? 66 * mebibyte + id : random(2 * mebibyte);
  const path = `received/d${id % 3}/f${owner}-${id}`;
  const content = patternBytes(size, id);
  const key = keyOf(id, Number(owner));
  say('begins', id, size, path);
  for (let offset = 0; ;) {
    const upload = await store.createUpload({ path, size, resumable: { ...key, offset } });
    say('opened', id);
    const isLast = random(3) === 0;
    const stop = isLast ? size : offset + random(size - offset + 1);
    while (offset < stop) {
      const end = Math.min(stop, offset + 1 + random(400_000));
      await upload.write([content.subarray(offset, end)]);
      offset = end;
    }
    if (isLast) {
      await upload.commit({ overwrite: id % 2 === 0 ? 'never' : 'always' });
      say('stored', id);
      return;
    }
    // To ask fences whoever writes.
    if (random(2) === 0) await upload.suspend();
    ({ offset } = await store.findUpload(key, { digest: false }));
    if (random(3) === 0) offset = random(offset + 1);
    say('goes-on', id, offset);
  }
}

async function work(first) {
  for (let id = first; id < 256; id += workers) await send(id);
}

say('ready');
await Promise.all(Array.from({ length: workers }, (_, index) => work(index)));
