import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** How long a look at the disk may take, in milliseconds: one over a network may hang for ever. */
const patience = 2000;

/** How full a file system is; `NaN` is what could not be found out. */
export interface Usage {
  /** Bytes that may still be written. */
  readonly free: number;
  /** Bytes in all. */
  readonly size: number;
  /** Files that may still be made. */
  readonly freeFiles: number;
}

const unknown: Usage = { free: NaN, size: NaN, freeFiles: NaN };

/** Looks how full the file system of a folder is, at most once at a time. */
export class StoreUsage {
  readonly #directory: string;
  #look: Promise<Usage> | undefined;

  /** @param directory - the folder */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @returns how full it is, in bounded time; what hangs is not asked again before it has ended */
  async read(): Promise<Usage> {
    this.#look ??= usageOf(this.#directory).finally(() => {
      this.#look = undefined;
    });
    const patient = new AbortController();
    const { signal } = patient;
    const tooLong = delay(patience, unknown, { signal }).catch(() => unknown);
    try {
      return await Promise.race([this.#look, tooLong]);
    } finally {
      patient.abort();
    }
  }
}

async function usageOf(directory: string): Promise<Usage> {
  try {
    const { bavail, bsize, blocks, ffree } = await statfs(directory);
    return { free: bavail * bsize, size: blocks * bsize, freeFiles: ffree };
  } catch {
    return unknown;
  }
}
