import { readFileSync } from 'node:fs';

/**
 * @returns how many mebibytes of memory this process has had at most. What `resourceUsage` says
 *   would count, on Linux, those of the process that started it, too
 */
export function peakMemory() {
  if (process.platform !== 'linux') return Math.round(process.resourceUsage().maxRSS / 1024);
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Math.round(Number(kibibytes) / 1024);
}
