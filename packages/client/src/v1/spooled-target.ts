import { randomBytes } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FileWriter, readChunks } from '@e2eeftp/file-io';

import type { FileFacts, LocalOverwrite } from '../transfer/local-file.js';
import type { OpenTarget } from '../transfer/open-target.js';
import { openTarget, type DownloadTarget } from '../transfer/target.js';

/**
 * Opens a target of which nothing is seen before it is committed: what is written to it need not
 * be authentic yet. A file has no name until then; what is to go to a stream waits in a file that
 * has none at all.
 *
 * @param target - where to
 * @param overwrite - what to do about a file that is there already
 * @param signal - ends the wait for a stream that takes nothing more
 * @returns it, ready to be written; to be closed
 */
export async function openUnseenTarget(
  target: DownloadTarget,
  overwrite: LocalOverwrite,
  signal: AbortSignal | undefined,
): Promise<OpenTarget> {
  if (typeof target === 'string') return openTarget(target, overwrite, signal);
  const spool = await openNameless();
  return new SpooledTarget(spool, await openTarget(target, overwrite, signal));
}

/** Only this process can reach the file, and it is gone with it, however that ends. */
async function openNameless(): Promise<FileHandle> {
  const path = join(tmpdir(), `e2eeftp-${randomBytes(16).toString('hex')}`);
  const handle = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

class SpooledTarget implements OpenTarget {
  readonly canStartOver = false;
  readonly #spool: FileHandle;
  readonly #writer: FileWriter;
  readonly #output: OpenTarget;

  constructor(spool: FileHandle, output: OpenTarget) {
    this.#spool = spool;
    this.#writer = new FileWriter(spool, undefined);
    this.#output = output;
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    return this.#writer.write(parts);
  }

  async commit(facts?: FileFacts): Promise<void> {
    await this.#writer.finish();
    for await (const chunk of readChunks(this.#spool, 0, this.#writer.size)) {
      // A stream keeps what it was given, and the next chunk comes in the same memory.
      await this.#output.write([new Uint8Array(chunk)]);
    }
    await this.#output.commit(facts);
  }

  async close(): Promise<void> {
    await this.#writer.abandon();
    await this.#spool.close();
    await this.#output.close();
  }
}
