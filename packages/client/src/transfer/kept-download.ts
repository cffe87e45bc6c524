import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { StoredFile } from '@e2eeftp/protocol';
import * as z from 'zod';

import { isPassing } from '../connection/retry.js';
import type { ClientError, ClientErrorCode } from '../errors.js';
import type { DownloadRecord, TransferKey } from './journal.js';
import { LocalFile } from './local-file.js';
import { isPartOf } from './part-name.js';
import { worthResuming } from './size-limits.js';
import type { TransferMemory } from './transfer-memory.js';
import { bootId, isAtWork, markInUse, thisOwner } from './transfer-owner.js';

const downloadRecord = z.object({
  part: z.string(),
  etag: z.string().min(1),
  size: z.int().nonnegative(),
  flushed: z.int().nonnegative(),
  boot: z.string(),
  pid: z.int().positive(),
});

/** The caller has no more time, or the server cannot go on: nothing is wrong with what has come. */
const givenUp: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'aborted',
  'closed',
  'server-failed',
]);

/** A part of a file that an earlier run has received, and which version of the file it is of. */
export interface KeptPart {
  readonly file: LocalFile;
  readonly etag: string;
}

/**
 * What is remembered of one download into a file, so that a later run can go on with it.
 */
export class KeptDownload {
  readonly #memory: TransferMemory;
  readonly #key: TransferKey;
  #record: DownloadRecord | undefined;
  #unmark: (() => void) | undefined;

  /**
   * @param memory - where to remember it
   * @param remote - the path in the server's tree
   * @param local - the local path
   */
  constructor(memory: TransferMemory, remote: string, local: string) {
    this.#memory = memory;
    const { server } = memory;
    this.#key = { direction: 'download', server, remote, local: resolve(local) };
  }

  /**
   * @param step - bytes of which whole multiples can be gone on with only
   * @returns what an earlier run has left, ready to be gone on with
   */
  async reopen(step = 1): Promise<KeptPart | undefined> {
    const { success, data } = downloadRecord.safeParse(await this.#memory.recall(this.#key));
    if (!success) return undefined;
    const { part, etag, size, flushed, boot } = data;
    if (!isPartOf(this.#key.local, part) || (await isAtWork(part, data))) return undefined;
    // What was written and not flushed is lost with the machine's power only.
    const left = boot === (await bootId()) ? await sizeOf(part) : flushed;
    const length = left - (left % step);
    const reopening = LocalFile.reopen(this.#key.local, part, length, size);
    // What cannot be used is received again.
    const file = await reopening.catch(() => undefined);
    if (!file) return undefined;
    await this.#remember(file, { etag, size, flushed: Math.min(flushed, length) });
    return { file, etag };
  }

  /**
   * Remembers a download that has begun.
   *
   * @param local - the file that is being received
   * @param file - the file on the server
   */
  async begin(local: LocalFile, { etag, size }: Pick<StoredFile, 'etag' | 'size'>): Promise<void> {
    if (!this.#memory.isKept || size < worthResuming) return;
    await this.#remember(local, { etag, size, flushed: 0 });
  }

  /**
   * Keeps what has come of a download that failed, when it is worth it. What cannot be kept is
   * received again, and so is what may be the reason for the failure.
   *
   * @param local - the file that was being received
   * @param reason - what the download failed with
   */
  async keep(local: LocalFile, reason: ClientError): Promise<void> {
    const isRight = isPassing(reason) || givenUp.has(reason.code);
    if (!this.#record || !isRight || !local.isOpen || local.size < worthResuming) {
      await this.forget();
      return;
    }
    const flushed = await local.keep().catch(() => undefined);
    if (flushed === undefined) return;
    this.#record = { ...this.#record, flushed };
    await this.#save();
  }

  /** This process works on it no more. */
  end(): void {
    this.#unmark?.();
    this.#unmark = undefined;
  }

  /** There is nothing to go on with. */
  async forget(): Promise<void> {
    if (this.#record) await this.#memory.forget(this.#key);
    this.#record = undefined;
  }

  async #remember(
    local: LocalFile,
    state: Pick<DownloadRecord, 'etag' | 'size' | 'flushed'>,
  ): Promise<void> {
    const part = resolve(local.partPath);
    this.end();
    this.#unmark = markInUse(part);
    this.#record = { part, ...state, ...(await thisOwner()) };
    await this.#save();
    local.onFlushed = (flushed) => {
      if (this.#record) this.#record = { ...this.#record, flushed };
      void this.#save();
    };
  }

  async #save(): Promise<void> {
    if (this.#record) await this.#memory.remember(this.#key, this.#record);
  }
}

async function sizeOf(path: string): Promise<number> {
  return lstat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
