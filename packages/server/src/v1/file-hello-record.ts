import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { makeDirectory } from '../make-directory.js';
import { asServerError, ServerError } from '../server-error.js';
import { flushFolder } from '../store/folder.js';
import type { HelloRecord } from './hello-record.js';

const digestLength = 16;
const scanLength = 256 * 1024;
/** Bytes of a digest that can stand before a place without all of it standing there. */
const overlap = digestLength - 1;
/** Every hello makes the next look a little longer; this many take about a tenth of a second. */
const maximumHellos = 2 ** 24;

/** What is written lands behind what others wrote, and is on the disk when the call returns. */
const { O_RDWR, O_CREAT, O_APPEND, O_NOFOLLOW, O_SYNC } = constants;
const flags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_SYNC;

/**
 * Keeps used hellos in a folder: a file for each identity, to which 16 bytes are appended for each
 * hello. Nothing of it is held in memory, and any number of processes may share the folder.
 *
 * Who does not find his digest writes it down, and then looks once more at what was added meanwhile:
 * of two that come with the same hello at once at most one sees it alone; often neither does, and
 * both are refused.
 */
export class FileHelloRecord implements HelloRecord {
  readonly #folder: string;

  /** @param folder - the folder, which exists */
  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * @param folder - where the record is; made when missing
   * @returns the record
   */
  static async open(folder: string): Promise<FileHelloRecord> {
    await makeDirectory(folder).catch((error: unknown) => {
      throw asServerError(`Cannot make ${folder}`, error);
    });
    return new FileHelloRecord(folder);
  }

  async claim(identity: Uint8Array, ephemeral: Uint8Array): Promise<boolean> {
    const digest = createHash('sha256').update(ephemeral).digest().subarray(0, digestLength);
    const path = join(this.#folder, Buffer.from(identity).toString('hex'));
    try {
      return await this.#claim(path, digest);
    } catch (error) {
      throw asServerError('Cannot write a used hello down', error);
    }
  }

  async #claim(path: string, digest: Uint8Array): Promise<boolean> {
    const file = await open(path, flags, 0o600);
    try {
      const { size } = await file.stat();
      // Nothing is written for a hello that was used: repeating it would fill the record.
      if ((await occurrences(file, digest, 0)) > 0) return false;
      if (size >= maximumHellos * digestLength) throw full(path);
      await append(file, digest);
      if (size === 0) await flushFolder(this.#folder);
      return (await occurrences(file, digest, Math.max(0, size - overlap))) === 1;
    } finally {
      // What was written is on the disk already.
      await file.close().catch(() => undefined);
    }
  }
}

/** In one piece: two pieces could have somebody else's between them. */
async function append(file: FileHandle, digest: Uint8Array): Promise<void> {
  const { bytesWritten } = await file.write(digest);
  if (bytesWritten === digest.length) return;
  throw new ServerError('bad-file', 'The record of used hellos cannot grow; make room on the disk');
}

/**
 * Counts a digest up to 2, from an offset on. It is looked for at every offset, since a write that a
 * full disk or a power failure cut short shifts all that follow it.
 */
async function occurrences(file: FileHandle, digest: Uint8Array, start: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(overlap + scanLength);
  let count = 0;
  let kept = 0;
  for (let position = start; ;) {
    const { bytesRead } = await file.read(buffer, kept, scanLength, position);
    if (bytesRead === 0) return count;
    const filled = buffer.subarray(0, kept + bytesRead);
    for (let at = filled.indexOf(digest); at >= 0; at = filled.indexOf(digest, at + 1)) {
      count += 1;
      if (count > 1) return count;
    }
    position += bytesRead;
    kept = Math.min(overlap, filled.length);
    filled.copy(buffer, 0, filled.length - kept);
  }
}

function full(path: string): ServerError {
  return new ServerError(
    'bad-file',
    `${path} holds all the hellos that it can; move the client to the current protocol, or give it a new key`,
  );
}
