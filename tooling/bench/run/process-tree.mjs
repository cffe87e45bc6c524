// What a process and all that it started have used, as Linux counts it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Clock ticks a second; 100 wherever Linux runs Node. */
const ticks = 100;

/** The fields of /proc/PID/stat behind the name, by proc(5): utime, stime, cutime and cstime. */
const times = [11, 12, 13, 14];

function read(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return undefined; // It has ended.
  }
}

/** A process, its children, theirs and so on. */
export function treeOf(pids) {
  const found = new Set(pids);
  for (const pid of found) {
    for (const child of childrenOf(pid)) found.add(child);
  }
  return [...found];
}

function childrenOf(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const lists = threads.map((thread) => read(pid, `task/${thread}/children`) ?? '');
    return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
  } catch {
    return [];
  }
}

/** Seconds of CPU that processes have used, with those of their children that have ended. */
export function cpuOf(pids) {
  let sum = 0;
  for (const pid of pids) {
    const fields = read(pid, 'stat')
      ?.replace(/^.*\) /u, '')
      .split(' ');
    for (const field of times) sum += Number(fields?.[field] ?? 0);
  }
  return sum / ticks;
}

/** The most memory that a process has had since it began, or since it was forgotten, in bytes. */
export function peakOf(pid) {
  const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/mu.exec(read(pid, 'status') ?? '') ?? [];
  return Number(kibibytes ?? 0) * 1024;
}

/** Lets a process begin anew with its peak. */
export function forgetPeak(pid) {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // It has ended, or is somebody else's; its older peak is an upper bound.
  }
}
