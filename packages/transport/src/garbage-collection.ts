import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of JavaScript objects up to which the heap counts as small. */
const smallHeap = 48 * 1024 * 1024;

/**
 * Milliseconds between two looks at the heap, and until the first: what Node loads of itself after a
 * change of flags has to be compiled, which takes longer than all that a short command does.
 */
const interval = 200;

/**
 * Lets the process collect the memory of what it has moved where that is cheap: among young objects.
 *
 * Buffers that were just sent or received are garbage soon, but V8 (that of Node 20 at least) answers
 * every few dozen megabytes of them with marking the whole heap in small steps, on several threads, which
 * takes up to half of the time of a transfer. Without these steps it looks at young objects first, where
 * all of them are. As soon as the heap has grown by other things, names for instance, V8 does as it
 * does by itself, so that memory stays bounded and no pause gets long.
 *
 * Call it once and first thing in a program. Not for a library to decide: it is for the whole process.
 */
export function collectYoungMemoryFirst(): void {
  let marksInSteps = true;
  const mark = (inSteps: boolean): void => {
    if (inSteps === marksInSteps) return;
    marksInSteps = inSteps;
    setFlagsFromString(inSteps ? '--incremental-marking' : '--no-incremental-marking');
  };
  const look = (): void => {
    mark(getHeapStatistics().used_heap_size >= smallHeap);
  };
  setInterval(look, interval).unref();
  // V8 keeps compiled code only for a process that has the same flags as this one had.
  process.once('exit', () => {
    mark(true);
  });
}
