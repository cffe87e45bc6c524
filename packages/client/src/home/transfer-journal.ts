import { createHash } from 'node:crypto';
import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import * as z from 'zod';

import { Turnstile } from '../connection/turnstile.js';
import type {
  DownloadRecord,
  TransferJournal,
  TransferKey,
  UploadRecord,
} from '../transfer/journal.js';
import { isPartOf } from '../transfer/part-name.js';
import { replaceSmallFile } from './small-file.js';

/** Milliseconds after which nobody goes on with a transfer any more: a week. */
const patience = 7 * 24 * 60 * 60 * 1000;

/** Milliseconds in which another program's records may go unnoticed. */
const freshness = 1000;

/** What a file says. Whoever asked for the record checks it. */
const entrySchema = z.object({ local: z.string(), record: z.looseObject({}) });

const partSchema = z.object({ part: z.string() });

/**
 * Remembers transfers in a folder: a small file each, named by the SHA-256 of what names the
 * transfer. What cannot be read counts as absent. What a week has passed over is removed when
 * something else is saved, and so is the part file of such a download.
 */
export class FileTransferJournal implements TransferJournal {
  readonly #path: string;
  /** Of two changes of one record, the later one is to stay. */
  readonly #changes = new Turnstile();
  #hasSwept = false;
  #names: Promise<Set<string>> | undefined;
  /** When the names were read, as `performance.now()` says. */
  #namesAt = -Infinity;

  /** @param path - the folder; it need not exist */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param key - a transfer
   * @returns what was saved about it, unchecked
   */
  async find(key: TransferKey): Promise<unknown> {
    const name = nameOf(key);
    if (!(await this.#recentNames()).has(name)) return undefined;
    const entry = await readEntry(join(this.#path, name));
    return entry?.record;
  }

  /**
   * @param key - a transfer
   * @param record - what a later run has to know
   * @throws ClientError `local-file`
   */
  save(key: TransferKey, record: UploadRecord | DownloadRecord): Promise<void> {
    const text = `${JSON.stringify({ local: key.local, record })}\n`;
    return this.#changes.pass(async () => {
      const name = nameOf(key);
      await replaceSmallFile(join(this.#path, name), text);
      (await this.#names)?.add(name);
      if (this.#hasSwept) return;
      this.#hasSwept = true;
      await this.#sweep();
    });
  }

  /**
   * Removes what was saved about a transfer.
   *
   * @param key - a transfer that has ended
   */
  forget(key: TransferKey): Promise<void> {
    return this.#changes.pass(() => removeFile(join(this.#path, nameOf(key))));
  }

  /** Of thousands of files, hardly any has a record: not each of them is to look for its own. */
  #recentNames(): Promise<Set<string>> {
    const now = performance.now();
    if (!this.#names || now - this.#namesAt > freshness) {
      this.#namesAt = now;
      this.#names = readdir(this.#path).then(
        (names) => new Set(names),
        () => new Set(),
      );
    }
    return this.#names;
  }

  async #sweep(): Promise<void> {
    const names = await readdir(this.#path).catch(() => []);
    for (const name of names) {
      // Who is killed in the middle of saving leaves a file with a number behind its name.
      if (!/^[0-9a-f]{64}\.json(?:\.\d+)?$/u.test(name)) continue;
      const path = join(this.#path, name);
      const age = Date.now() - (await timeOf(path));
      if (age < patience) continue;
      await removePart(path);
      await removeFile(path);
    }
  }
}

function nameOf({ direction, server, remote, local }: TransferKey): string {
  const names = JSON.stringify([direction, Buffer.from(server).toString('hex'), remote, local]);
  return `${createHash('sha256').update(names).digest('hex')}.json`;
}

async function readEntry(path: string): Promise<z.infer<typeof entrySchema> | undefined> {
  try {
    return entrySchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** A damaged record must not make us remove anything but a part. */
async function removePart(path: string): Promise<void> {
  const entry = await readEntry(path);
  const { success, data } = partSchema.safeParse(entry?.record);
  if (entry && success && isPartOf(entry.local, data.part)) await removeFile(data.part);
}

/** What is gone already has no time, and is left to whoever removes it. */
async function timeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  );
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}
