import { createHash, randomBytes } from 'node:crypto';
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
  type FileHandle,
} from 'node:fs/promises';
import { join } from 'node:path';

import * as z from 'zod';

import { asClientError } from '../errors.js';
import { isAtWork, markInUse, thisOwner } from '../transfer/transfer-owner.js';
import type { UploadNotes } from '../vault/upload-notes.js';
import { frameOf, readFrames } from './note-frames.js';

/** Milliseconds after which nobody goes on with an upload any more: a week. */
const patience = 7 * 24 * 60 * 60 * 1000;

/** The first line of a file. Whoever asked for it checks what the upload was. */
const headSchema = z.object({ upload: z.string(), boot: z.string(), pid: z.int().positive() });

const newline = 0x0a;

/** What names an upload into a vault: the same in a later run of the same program. */
export interface VaultUploadKey {
  /** The server's identity, 32 bytes. */
  readonly server: Uint8Array;
  /** The vault's id, as it stands in paths. */
  readonly vault: string;
  /** The path in the vault. */
  readonly path: string;
  /** The absolute path of the local file. */
  readonly local: string;
}

/** The notes of one upload, which a later run finds. To be closed. */
export interface KeptNotes extends UploadNotes {
  /** What an earlier run has said of the upload, if it has left something. */
  readonly earlier: string | undefined;
  /**
   * Says what the upload is, which stands before the notes from the next {@link UploadNotes.replace} on.
   *
   * @param upload - it
   */
  begin(upload: string): void;
  /** Ends the work on the upload. What is noted stays. */
  close(): Promise<void>;
  /** Forgets the upload. */
  forget(): Promise<void>;
}

/**
 * Remembers uploads into vaults that were begun, in a folder: a file each, which only its owner can read,
 * and which holds neither keys nor content. What a week has passed over is removed.
 */
export class VaultUploads {
  readonly #path: string;
  #hasSwept = false;

  /** @param path - the folder; it need not exist */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param key - an upload
   * @returns its notes; nothing while somebody else is at work on it
   * @throws ClientError `local-file`
   */
  async take(key: VaultUploadKey): Promise<KeptNotes | undefined> {
    const path = join(this.#path, nameOf(key));
    try {
      await mkdir(this.#path, { recursive: true, mode: 0o700 });
      await this.#sweep();
      const found = await readNotes(path);
      if (found && (await isAtWork(path, found.head))) return undefined;
      return new NotesFile(path, found);
    } catch (error) {
      throw asClientError(error);
    }
  }

  async #sweep(): Promise<void> {
    if (this.#hasSwept) return;
    this.#hasSwept = true;
    for (const name of await readdir(this.#path)) {
      if (!/^[0-9a-f]{64}(?:\.[0-9a-f]{16})?$/u.test(name)) continue;
      const path = join(this.#path, name);
      const age = Date.now() - (await timeOf(path));
      if (age > patience) await unlink(path).catch(() => undefined);
    }
  }
}

interface FoundNotes {
  readonly head: z.infer<typeof headSchema>;
  /** Nothing when they are damaged. */
  readonly notes: Uint8Array | undefined;
}

class NotesFile implements KeptNotes {
  readonly earlier: string | undefined;
  readonly #path: string;
  readonly #unmark: () => void;
  #upload: string;
  #notes: Uint8Array | undefined;
  #handle: FileHandle | undefined;

  constructor(path: string, found: FoundNotes | undefined) {
    this.earlier = found?.head.upload;
    this.#path = path;
    this.#upload = found?.head.upload ?? '';
    this.#notes = found?.notes;
    this.#unmark = markInUse(path);
  }

  begin(upload: string): void {
    this.#upload = upload;
    this.#notes = undefined;
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#handle) this.#notes = (await readNotes(this.#path))?.notes;
    return this.#notes;
  }

  /** Whoever reads the file finds the old notes or the new ones. */
  async replace(notes: Uint8Array): Promise<void> {
    const part = `${this.#path}.${randomBytes(8).toString('hex')}`;
    await this.#handle?.close();
    this.#handle = undefined;
    this.#notes = undefined;
    const handle = await open(part, 'wx', 0o600);
    try {
      const head = JSON.stringify({ upload: this.#upload, ...(await thisOwner()) });
      await writeAll(handle, Buffer.concat([Buffer.from(`${head}\n`), frameOf(notes)]));
      await rename(part, this.#path);
      this.#handle = handle;
    } catch (error) {
      await handle.close();
      await unlink(part).catch(() => undefined);
      throw error;
    }
  }

  async append(notes: Uint8Array): Promise<void> {
    if (this.#handle) await writeAll(this.#handle, frameOf(notes));
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    this.#unmark();
  }

  async forget(): Promise<void> {
    this.#notes = undefined;
    await this.#handle?.close();
    this.#handle = undefined;
    await unlink(this.#path).catch(() => undefined);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) {
    const { bytesWritten } = await handle.write(rest);
    rest = rest.subarray(bytesWritten);
  }
}

async function readNotes(path: string): Promise<FoundNotes | undefined> {
  try {
    const bytes = await readFile(path);
    const end = bytes.indexOf(newline);
    const head = headSchema.parse(JSON.parse(bytes.toString('utf8', 0, end)));
    return { head, notes: readFrames(bytes.subarray(end + 1)) };
  } catch {
    // What is damaged, or not there, tells nothing: the upload begins anew.
    return undefined;
  }
}

async function timeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  );
}

function nameOf({ server, vault, path, local }: VaultUploadKey): string {
  const names = JSON.stringify([Buffer.from(server).toString('hex'), vault, path, local]);
  return createHash('sha256').update(names).digest('hex');
}
