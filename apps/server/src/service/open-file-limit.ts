import { readFileSync } from 'node:fs';

/** Descriptors that a process needs for itself, for folders and for small files in passing. */
export const ownFiles = 256;
/** What transfers have of all descriptors at least, however many connections are allowed. */
const leastShare = 1 / 4;

/**
 * @returns how many files and sockets the system lets this process have open at once, `Infinity`
 *   where it does not say. Node raises the limit to the highest that it may at its start
 */
export function openFileLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const soft = /^Max open files\s+(\d+)\s/mu.exec(limits)?.[1];
    return soft === undefined ? Infinity : Number(soft);
  } catch {
    // No system but Linux says it in a file.
    return Infinity;
  }
}

/**
 * @param connections - how many there may be at once
 * @returns how many files may be open beside them
 */
export function filesBeside(connections: number): number {
  const limit = openFileLimit();
  return Math.max(limit - connections - ownFiles, Math.floor(limit * leastShare), 1);
}
