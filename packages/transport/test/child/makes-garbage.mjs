// Fills and drops a gigabyte of buffers, beside as many objects as it is told to keep; says how that was
// collected.
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';

import { collectYoungMemoryFirst } from '@e2eeftp/transport';

const [mode, objects] = process.argv.slice(2);
if (mode === 'young') collectYoungMemoryFirst();
let marked = 0;
const observer = new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_INCREMENTAL) marked++;
  }
});
observer.observe({ entryTypes: ['gc'] });
const heap = Array.from({ length: Number(objects) }, (_, index) => ({ name: `object ${index}` }));
// Longer than what looks at the heap takes.
await setTimeout(1000);
const alive = [];
for (let made = 0; made < 16_384; made++) {
  alive.push(Buffer.allocUnsafeSlow(65_536));
  if (alive.length > 512) alive.shift();
  if (made % 64 === 0) await setTimeout(0);
}
await setTimeout(0);
console.log(JSON.stringify({ marked, alive: alive.length, heap: heap.length }));
