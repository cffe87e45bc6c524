// For each path that it is given, makes an upload ready, says so, and commits it on the next line
// where no file may be yet, saying how that went.
import { createInterface } from 'node:readline';

import { FileStore } from '../../../dist/store/file-store.js';

const [directory] = process.argv.slice(2);
const store = await FileStore.open({ directory, durability: 'relaxed' });
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
process.stdout.write('ready\n');
for (let { value: path } = await lines.next(); path; { value: path } = await lines.next()) {
  const upload = await store.createUpload({ path });
  await upload.write([Buffer.from('child')]);
  process.stdout.write('uploaded\n');
  await lines.next();
  try {
    await upload.commit({ overwrite: 'never' });
    process.stdout.write('stored\n');
  } catch (error) {
    process.stdout.write(`${error.code}\n`);
  }
}
await store.close();
