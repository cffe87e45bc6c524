// Fills and drops a gigabyte of buffers, tens of megabytes of them alive; says how that was collected.
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';

import { collectYoungMemoryFirst } from '@e2eeftp/transport';

if (process.argv[2] === 'young') collectYoungMemoryFirst();
let marked = 0;
const observer = new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_INCREMENTAL) marked++;
  }
});
observer.observe({ entryTypes: ['gc'] });
// The whole heap takes a while to be marked, as that of a program does.
const heap = Array.from({ length: 200_000 }, (_, index) => ({ index }));
const alive = [];
let most = 0;
for (let made = 0; made < 16_384; made++) {
  alive.push(Buffer.allocUnsafeSlow(65_536));
  if (alive.length > 512) alive.shift();
  if (made % 64 === 0) await setImmediate();
  most = Math.max(most, process.memoryUsage.rss());
}
await setImmediate();
console.log(JSON.stringify({ marked, most, alive: alive.length, heap: heap.length }));
