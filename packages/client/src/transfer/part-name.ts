import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

import { isSystemError } from '../system-error.js';

/** Room for what names the owner and for the endings, in a name of at most 255 bytes. */
const keptNameLength = 180;

/** Who writes the file: the machine, since it was started, and the process; and one of its files. */
const partName = /^\..*\.(?<machine>[0-9a-f]{8})(?<pid>[0-9a-f]{8})[0-9a-f]{8}\.part$/su;

let machineName: string | undefined;

/**
 * @param path - where a file will be
 * @returns where it is until it is whole: hidden, in the same folder, and nobody else's
 */
export function partPathFor(path: string): string {
  const stem = startOf(basename(path), keptNameLength);
  const pid = process.pid.toString(16).padStart(8, '0');
  const random = randomUUID().slice(0, 8);
  return join(dirname(path), `.${stem}.${machine()}${pid}${random}.part`);
}

/**
 * @param path - a local path
 * @returns whether it has a name that {@link partPathFor} gives to what is not whole yet
 */
export function isPartName(path: string): boolean {
  return partName.test(basename(path));
}

/**
 * @param path - where a file will be
 * @param partPath - what somebody says its part is
 * @returns whether {@link partPathFor} can have named it: nothing else may be cut or removed
 */
export function isPartOf(path: string, partPath: string): boolean {
  return isPartName(partPath) && join(dirname(path), basename(partPath)) === partPath;
}

/**
 * @param path - a local path
 * @returns whether it is a part whose process ran on this machine, and runs no more
 */
export function isOrphan(path: string): boolean {
  const { machine: where, pid } = partName.exec(basename(path))?.groups ?? {};
  return where === machine() && pid !== undefined && !isRunning(Number.parseInt(pid, 16));
}

function isRunning(pid: number): boolean {
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isSystemError(error, 'ESRCH');
  }
}

/** Where a process number means the same process: a container has its own, and a restart gives others. */
function machine(): string {
  machineName ??= createHash('sha256').update(placeOfProcesses()).digest('hex').slice(0, 8);
  return machineName;
}

function placeOfProcesses(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Cuts between characters, since half of one is no valid name. */
function startOf(name: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(name, new Uint8Array(bytes));
  return name.slice(0, read);
}
