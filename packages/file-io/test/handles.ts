import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach } from '@jest/globals';

import { makeFolder } from './folder.js';

const handles: FileHandle[] = [];

afterEach(async () => {
  for (const handle of handles.splice(0)) await handle.close();
});

/** A new file, which is closed after the test. */
export async function openNew(): Promise<{ handle: FileHandle; path: string }> {
  const path = join(await makeFolder(), 'file');
  const handle = await open(path, 'wx+');
  handles.push(handle);
  return { handle, path };
}

/** A device that refuses every byte, as a full disk does. */
export async function openFull(): Promise<FileHandle> {
  const handle = await open('/dev/full', 'w');
  handles.push(handle);
  return handle;
}

/** The same file, with some calls as a system may answer them that cannot be had here. */
export function instead(handle: FileHandle, calls: Readonly<Record<string, unknown>>): FileHandle {
  return new Proxy(handle, {
    get(target, name) {
      if (typeof name === 'string' && name in calls) return calls[name];
      const value: unknown = Reflect.get(target, name);
      // A method of a handle works only on the handle itself, not on a proxy.
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => Reflect.apply(value, target, args);
    },
  });
}

/**
 * A handle whose system takes only so many bytes at a time, as one may: a file system that is
 * almost full, or a signal, ends a write early.
 */
export function takingAtMost(handle: FileHandle, most: () => number): FileHandle {
  return instead(handle, {
    writev: async (parts: readonly Uint8Array[], position: number) => {
      const bytes = Buffer.concat(parts).subarray(0, most());
      return bytes.length === 0
        ? { bytesWritten: 0, buffers: parts }
        : handle.write(bytes, 0, bytes.length, position);
    },
  });
}
