// What the programs of all contenders share: how they tell the bench what they measured.
import { readFileSync } from 'node:fs';

/** Tells the bench one thing, as a line of JSON on standard output. */
function tell(facts) {
  process.stdout.write(`${JSON.stringify(facts)}\n`);
}

/** What a process has used so far: peak memory in bytes, CPU time in seconds. */
function usage() {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return {
    peakMemory: (ownPeak() ?? maxRSS) * 1024,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  };
}

/** In KiB. Linux counts what the parent held at the start into maxRSS, but not into this. */
function ownPeak() {
  if (process.platform !== 'linux') return undefined;
  const [, peak] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  return peak && Number(peak);
}

/** Keeps a server running until the bench ends its standard input, and then tells what it used. */
export async function serveUntilEnd(port, close) {
  tell({ port });
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('end', resolve));
  await close();
  tell(usage());
}

/** Runs one transfer and tells how long it took and what it used. */
export async function timed(transfer) {
  const start = performance.now();
  await transfer();
  tell({ seconds: (performance.now() - start) / 1000, ...usage() });
}
