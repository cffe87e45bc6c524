// Begins an upload that can be resumed, under limits that its parent has set, and says how that
// ended and how far it came.
import { keyOf, patternBytes } from '../../../dist/store/conformance/context.js';
import { FileStore } from '../../../dist/store/file-store.js';

const [directory, size] = process.argv.slice(2);
const store = await FileStore.open({ directory });
process.stdout.write('ready\n');
const resumable = { ...keyOf(1), offset: 0 };
const upload = await store.createUpload({ path: 'received/f', resumable });
try {
  await upload.write([patternBytes(Number(size))]);
  await upload.commit({ overwrite: 'always' });
  process.stdout.write('stored\n');
} catch (error) {
  process.stdout.write(`${error.code}\n`);
}
const { offset } = await store.findUpload(keyOf(1), { digest: false });
process.stdout.write(`${offset}\n`);
await store.close();
