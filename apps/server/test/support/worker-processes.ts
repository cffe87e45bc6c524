import type { RunningServer } from './program.js';

/** The processes of the workers that have become ready so far, oldest first. */
export function workersOf(server: RunningServer): number[] {
  return server.log
    .filter(({ msg }) => msg === 'a worker is ready')
    .map((entry) => Number(entry['worker']));
}

/** Whether a process runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
