// Deletes a folder with all that is in it, telling when it begins.
import { FileStore } from '../../../dist/store/file-store.js';

const [directory, path] = process.argv.slice(2);
const store = await FileStore.open({ directory });
process.stdout.write('ready\n');
await store.delete(path, { recursive: true });
await store.close();
