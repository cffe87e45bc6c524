import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of JavaScript objects up to which the heap counts as small. */
const smallHeap = 48 * 1024 * 1024;

/**
 * Milliseconds between two looks at the heap, and until the first: what Node loads of itself after a
 * change of flags has to be compiled, which takes longer than all that a short command does.
 */
const interval = 400;

/** Milliseconds until marking in steps is given up again: that takes a collection of everything. */
const patience = 60_000;

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
  let changedAt = -Infinity;
  const look = (): void => {
    const isSmall = getHeapStatistics().used_heap_size < smallHeap;
    const now = performance.now();
    if (isSmall !== marksInSteps || (isSmall && now - changedAt < patience)) return;
    if (isSmall) endMarking();
    markInSteps(!isSmall);
    marksInSteps = !isSmall;
    changedAt = now;
  };
  setInterval(look, interval).unref();
  // V8 keeps compiled code only for a process that has the same flags as this one had.
  process.once('exit', () => {
    if (!marksInSteps) markInSteps(true);
  });
}

function markInSteps(inSteps: boolean): void {
  setFlagsFromString(inSteps ? '--incremental-marking' : '--no-incremental-marking');
}

/**
 * Collects everything, behind which nothing is being marked. The flag ends marking on other threads as
 * well, and while these are at work, V8 would not wait for them any longer: a process of a hundred
 * died of that.
 */
function endMarking(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
}
