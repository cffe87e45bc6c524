import { readFile } from 'node:fs/promises';

import { isSystemError } from '../system-error.js';
import type { TransferOwner } from './journal.js';

/** Parts and uploads that this process is working on. */
const inUse = new Set<string>();

/**
 * Marks a transfer as one that this process works on, so that no other client in it takes it for one
 * that was broken off.
 *
 * @param name - what the transfer writes to
 * @returns what takes the mark away
 */
export function markInUse(name: string): () => void {
  inUse.add(name);
  return () => {
    inUse.delete(name);
  };
}

/** @returns this process, as an owner */
export async function thisOwner(): Promise<TransferOwner> {
  return { boot: await bootId(), pid: process.pid };
}

/**
 * Says whether a process of this machine still works on a transfer. A process that has the number of
 * one that has ended is taken for it: then the transfer begins anew.
 *
 * @param name - what the transfer writes to
 * @param owner - who began it
 * @returns whether that is still at work
 */
export async function isAtWork(name: string, { boot, pid }: TransferOwner): Promise<boolean> {
  if (boot !== (await bootId())) return false;
  if (pid === process.pid) return inUse.has(name);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It may be somebody else's process, which is one nevertheless.
    return isSystemError(error, 'EPERM');
  }
}

/**
 * @returns what names the time since the machine was started. Linux has a name for it; elsewhere, it is
 *   the time since this process was
 */
export async function bootId(): Promise<string> {
  const unknown = (): string => `${process.pid}.${performance.timeOrigin}`;
  return readFile('/proc/sys/kernel/random/boot_id', 'utf8').then((id) => id.trim(), unknown);
}
