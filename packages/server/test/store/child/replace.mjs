// Replaces one file again and again by versions that each consist of one byte's value, telling
// before each step what it is about to do and after it what is done, until it is killed.
import { writeSync } from 'node:fs';

import { FileStore } from '../../../dist/store/file-store.js';

const [directory, durability] = process.argv.slice(2);
const say = (line) => writeSync(1, `${line}\n`);
const store = await FileStore.open({ directory, durability });
say('ready');
for (let version = 1; ; version++) {
  const upload = await store.createUpload({ path: 'received/deep/f' });
  say(`writing ${version}`);
  for (let piece = 0; piece < 24; piece++) {
    await upload.write([new Uint8Array(65_536 + version).fill(version)]);
  }
  say(`committing ${version}`);
  await upload.commit({ overwrite: 'always' });
  say(`stored ${version}`);
}
