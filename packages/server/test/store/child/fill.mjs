// Uploads files of the sizes it is told, under limits that its parent has set, and says how each
// call ended.
import { FileStore } from '../../../dist/store/file-store.js';

const [directory, ...sizes] = process.argv.slice(2);
const store = await FileStore.open({ directory });

async function upload(size) {
  const upload = await store.createUpload({ path: 'received/f' });
  try {
    await upload.write([new Uint8Array(size)]);
    await upload.commit({ overwrite: 'always' });
    return `stored ${size}`;
  } catch (error) {
    return error.code;
  } finally {
    await upload.discard();
  }
}

async function openUntilRefused() {
  const readers = [];
  try {
    for (;;) readers.push(await store.open('received/f'));
  } catch (error) {
    return error.code;
  } finally {
    for (const reader of readers) await reader.close();
  }
}

process.stdout.write('ready\n');
for (const size of sizes) {
  const outcome = size === 'open' ? await openUntilRefused() : await upload(Number(size));
  process.stdout.write(`${outcome}\n`);
}
await store.close();
