import { createHash, randomBytes, type Hash } from 'node:crypto';

import { equalBytes } from '@e2eeftp/crypto';
import type { StoredFile } from '@e2eeftp/protocol';
import * as z from 'zod';

import { ClientError, rethrowAsLocal } from '../errors.js';
import type { SendOptions } from '../options.js';
import { checkResult, keyringArgument } from '../requests.js';
import type { TransferKey } from './journal.js';
import type { OpenSource } from './open-source.js';
import { otherStored } from './other-stored.js';
import { openSource, type UploadSource } from './source.js';
import { sentMode } from './sent-mode.js';
import { demandOf, worthResuming } from './size-limits.js';
import type { TransferContext } from './transfer-context.js';
import { isAtWork, markInUse, thisOwner } from './transfer-owner.js';

const uploadRecord = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/u),
  version: z.string(),
  boot: z.string(),
  pid: z.int().positive(),
});

/**
 * Sends one file. When the connection breaks, another is opened, and a source that can be read
 * again goes on where the server has it.
 *
 * @param context - asks the server
 * @param source - what to send
 * @param path - where to, checked
 * @param options - how
 * @returns the file as the server has it
 * @throws ClientError
 */
export async function upload(
  context: TransferContext,
  source: UploadSource,
  path: string,
  options: SendOptions,
): Promise<StoredFile> {
  const opened = await openSource(source).catch(rethrowAsLocal);
  try {
    return await new UploadRun(context, opened, path, options).run();
  } finally {
    await opened.close();
  }
}

/** Where an upload goes on, or that there is nothing left to do. */
interface ResumePoint {
  readonly offset: number;
  readonly done?: StoredFile;
}

/** One upload, over as many attempts as it takes. */
class UploadRun {
  readonly #context: TransferContext;
  readonly #source: OpenSource;
  readonly #path: string;
  readonly #options: SendOptions;
  readonly #size: number | undefined;
  /** What the upload is called towards the server, when it can be resumed. */
  #id: Buffer | undefined;
  /** Whether the server may have a part of it already. */
  #isBegun = false;
  /** Whether an earlier run began it. */
  #isOld = false;
  #unmark: (() => void) | undefined;
  /** Bytes that the server is known to keep. */
  #kept = 0;

  constructor(context: TransferContext, source: OpenSource, path: string, options: SendOptions) {
    this.#context = context;
    this.#source = source;
    this.#path = path;
    this.#options = options;
    this.#size = options.size ?? source.size;
  }

  async run(): Promise<StoredFile> {
    try {
      await this.#nameUpload();
      return await this.#runNamed();
    } finally {
      this.#unmark?.();
    }
  }

  async #runNamed(): Promise<StoredFile> {
    const { signal } = this.#options;
    const mayRetry = this.#source.isRepeatable;
    let isFirst = true;
    const file = await this.#context.retry({ signal, mayRetry }, async (progress) => {
      if (!isFirst) this.#nameLate();
      isFirst = false;
      const { offset, done } = await this.#whereToGoOn();
      if (done) return done;
      // What was only sent may be lost again and again; what is kept is not.
      if (offset > this.#kept) progress();
      this.#kept = offset;
      return this.#send(offset);
    });
    await this.#forget();
    return file;
  }

  /** Whether the answer to a small file was lost matters only where it must not replace another. */
  async #nameUpload(): Promise<void> {
    const { overwrite = 'always' } = this.#options;
    const isLarge = (this.#size ?? 0) >= worthResuming;
    if (!this.#source.isRepeatable || !this.#context.canResume) return;
    if (!isLarge && overwrite === 'always') return;
    this.#id = randomBytes(16);
    const { version } = this.#source;
    const key = this.#key();
    if (!key || !isLarge || version?.isSettled !== true) return;
    const { success, data } = uploadRecord.safeParse(await this.#context.memory.recall(key));
    if (success && data.version === version.name && !(await isAtWork(data.id, data))) {
      this.#id = Buffer.from(data.id, 'hex');
      this.#isBegun = true;
      this.#isOld = true;
    }
    const id = this.#id.toString('hex');
    this.#unmark = markInUse(id);
    await this.#context.memory.remember(key, { id, version: version.name, ...(await thisOwner()) });
  }

  /** On a link that breaks, no file is too small to be gone on with. */
  #nameLate(): void {
    if (this.#id || !this.#context.canResume) return;
    this.#id = randomBytes(16);
    // The server has not heard of that one.
    this.#isBegun = false;
  }

  async #whereToGoOn(): Promise<ResumePoint> {
    if (!this.#id || !this.#isBegun) return { offset: 0 };
    const { offset, done } = (await this.#askWhere(this.#id)) ?? { offset: 0 };
    if (!done) return { offset };
    if (this.#isOld && !(await this.#isStillThere(done))) {
      // A finished upload cannot be gone on with.
      this.#id = randomBytes(16);
      this.#isOld = false;
      return { offset: 0 };
    }
    this.#options.onProgress?.({ transferred: offset, total: this.#size });
    return { offset, done };
  }

  /** What an earlier run has finished may have been removed or replaced since. */
  async #isStillThere({ etag }: StoredFile): Promise<boolean> {
    const args = { path: this.#path };
    const what = `Cannot look at ${this.#path}`;
    try {
      const entry = await this.#context.requests.call('STAT', args, what, this.#options.signal);
      return entry.type === 'file' && entry.etag === etag;
    } catch (error) {
      if (error instanceof ClientError && error.code === 'not-found') return false;
      throw error;
    }
  }

  async #askWhere(id: Uint8Array): Promise<ResumePoint | undefined> {
    const { signal } = this.#options;
    const what = `Cannot go on with ${this.#path}`;
    try {
      const { offset, done } = await this.#context.requests.call(
        'RESUME',
        { upload: id },
        what,
        signal,
      );
      if (offset > (this.#size ?? 0) || (done && done.size !== this.#size)) {
        throw new ClientError('not-e2eeftp', `${what}: the server has more than was sent`);
      }
      return done ? { offset, done } : { offset };
    } catch (error) {
      if (error instanceof ClientError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  async #send(offset: number): Promise<StoredFile> {
    const { onProgress, signal, checksum = false, overwrite = 'always' } = this.#options;
    const mtime = this.#options.mtime ?? this.#source.mtime;
    const mode = sentMode(this.#context, this.#source, this.#options);
    const size = this.#size;
    const hash = checksum ? await this.#hashUpTo(offset) : undefined;
    let sent = offset;
    let digest: Uint8Array | undefined;
    const args = {
      path: this.#path,
      overwrite: typeof overwrite === 'string' ? overwrite : overwrite.etag,
      ...(size !== undefined && { size }),
      ...(mtime !== undefined && { mtime }),
      ...(mode !== undefined && { mode }),
      ...keyringArgument(this.#options),
      ...(this.#id && { upload: this.#id, offset }),
    };
    this.#isBegun = true;
    const source = this.#source.read(offset);
    const response = await this.#context.requests.upload(
      { command: 'SEND', args, what: `Cannot send to ${this.#path}`, signal },
      {
        chunks: hash ? hashed(source, hash) : source,
        // What can be read again is closed by whoever has opened it, after the last attempt.
        ...(!this.#source.isRepeatable && { close: () => this.#source.close() }),
        onProgress: (transferred) => {
          sent = offset + transferred;
          onProgress?.({ transferred: sent, total: size });
        },
        longestPart: this.#context.longestPart,
        pace: (bytes) => this.#context.pace(bytes, signal),
        sha256: hash && (() => (digest = hash.digest())),
      },
      demandOf(size),
    );
    const { sha256, ...file } = checkResult('SEND', response);
    if (file.size !== sent || (digest && !(sha256 && equalBytes(digest, sha256)))) {
      throw otherStored(this.#path);
    }
    return file;
  }

  /** The digest is of the whole file, whoever has which part of it. */
  async #hashUpTo(offset: number): Promise<Hash> {
    const hash = createHash('sha256');
    if (offset === 0) return hash;
    let left = offset;
    for await (const chunk of this.#source.read(0)) {
      hash.update(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
      if (left === 0) break;
    }
    return hash;
  }

  #key(): TransferKey | undefined {
    const { local } = this.#source;
    if (local === undefined) return undefined;
    const { server } = this.#context.memory;
    return { direction: 'upload', server, remote: this.#path, local };
  }

  async #forget(): Promise<void> {
    const key = this.#key();
    if (key && this.#id) await this.#context.memory.forget(key);
  }
}

async function* hashed(
  chunks: AsyncIterable<Uint8Array>,
  hash: Hash,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}
