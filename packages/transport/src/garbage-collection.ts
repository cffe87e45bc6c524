import { setFlagsFromString } from 'node:v8';

/**
 * Lets the process collect the memory of what it has moved where that is cheap: among young objects.
 *
 * Buffers that were just sent or received are garbage soon, but V8 (up to Node 24 at least) answers
 * hundreds of megabytes of them with marking the whole heap in small steps, over and over, on several
 * threads, which takes up to half of the time of a transfer. Without these steps it looks at young
 * objects first, where all of them are. The price: when old memory has to be collected after all, the
 * program stands still meanwhile, about a millisecond for each megabyte that is alive.
 *
 * Call it once and first thing, in a program whose heap is small. Not for a library to decide: it is
 * for the whole process, and a server with a large heap of other things would pause noticeably.
 */
export function collectYoungMemoryFirst(): void {
  setFlagsFromString('--no-incremental-marking');
}
