// Lists a folder of many files and says how many they were, whether they came in order, and how
// many mebibytes of memory the process has had at most.
import { mkdirSync, writeFileSync } from 'node:fs';

import { FileStore } from '../../../dist/store/file-store.js';
import { peakMemory } from '../../child/peak-memory.mjs';

const [directory, count] = process.argv.slice(2);
const store = await FileStore.open({ directory });
process.stdout.write('ready\n');
const folder = `${directory}/received/many`;
mkdirSync(folder);
for (let index = 0; index < Number(count); index++) {
  writeFileSync(`${folder}/a file with a name of usual length ${index * 7919}.txt`, '');
}
let listed = 0;
let last = '';
let isOrdered = true;
const start = performance.now();
for await (const { path } of store.list('received/many', { recursive: true })) {
  if (path <= last) isOrdered = false;
  last = path;
  listed++;
}
const elapsed = performance.now() - start;
const memory = peakMemory();
process.stdout.write(`${JSON.stringify({ listed, isOrdered, memory, elapsed })}\n`);
await store.close();
