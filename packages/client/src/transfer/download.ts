import type { StoredFile } from '@e2eeftp/protocol';

import { asClientError, ClientError, rethrowAsLocal, throwIfAborted } from '../errors.js';
import type { GetBytesOptions, GetOptions, RangeOptions } from '../options.js';
import { KeptDownload } from './kept-download.js';
import type { OpenTarget } from './open-target.js';
import { abandon, openRange, received, type OpenRange } from './range.js';
import { FileTarget, openTarget, type DownloadTarget } from './target.js';
import type { TransferContext } from './transfer-context.js';

/**
 * Receives one file. When the connection breaks, another is opened and goes on where it was, as
 * long as the file on the server is the same.
 *
 * @param context - asks the server
 * @param path - what, checked
 * @param target - where to
 * @param options - how
 * @returns the file as the server has it
 * @throws ClientError
 */
export function download(
  context: TransferContext,
  path: string,
  target: DownloadTarget,
  options: GetOptions,
): Promise<StoredFile> {
  return new DownloadRun(context, path, target, options).run();
}

/**
 * Reads one file, or a part of it. When the connection breaks, another is opened and goes on where
 * it was, as long as the file on the server is the same.
 *
 * @param context - asks the server
 * @param path - what, checked
 * @param options - which part, and how large it may be
 * @returns the bytes
 * @throws ClientError
 */
export async function* readRange(
  context: TransferContext,
  path: string,
  options: RangeOptions & Pick<GetBytesOptions, 'maxSize'>,
): AsyncGenerator<Uint8Array, void, void> {
  const { offset = 0, length, maxSize = Infinity, signal, onProgress } = options;
  const retries = context.retries(signal);
  const pace = (bytes: number): Promise<void> | undefined => context.pace(bytes, signal);
  let { etag } = options;
  let position = 0;
  for (;;) {
    let opened: OpenRange | undefined;
    try {
      const missing = {
        offset: offset + position,
        ...(length !== undefined && { length: length - position }),
        etag,
        signal,
      };
      opened = await openRange(context, path, missing);
      // The caller has bytes of this version, which go with no other one's.
      etag = opened.file.etag;
      const total = position + opened.length;
      if (total > maxSize) {
        const message = `${path} has ${total} bytes to read, and ${maxSize} are allowed`;
        throw new ClientError('too-large', message);
      }
      for await (const parts of received(opened, path, { signal, pace })) {
        for (const part of parts) position += part.length;
        retries.progress();
        yield* parts;
        onProgress?.({ transferred: position, total });
      }
      return;
    } catch (error) {
      await retries.next(error);
    } finally {
      if (opened) abandon(opened);
    }
  }
}

/** One download, over as many attempts as it takes. */
class DownloadRun {
  readonly #context: TransferContext;
  readonly #path: string;
  readonly #target: DownloadTarget;
  readonly #options: GetOptions;
  readonly #kept: KeptDownload | undefined;
  #output: OpenTarget | undefined;
  /** The version of the file that the output has a part of. */
  #etag: string | undefined;
  /** Bytes of the range that the output has. */
  #position = 0;

  constructor(context: TransferContext, path: string, target: DownloadTarget, options: GetOptions) {
    const { offset, length, etag } = options;
    const isWhole = offset === undefined && length === undefined && etag === undefined;
    this.#context = context;
    this.#path = path;
    this.#target = target;
    this.#options = options;
    if (typeof target === 'string' && isWhole) {
      this.#kept = new KeptDownload(context.memory, path, target);
    }
  }

  async run(): Promise<StoredFile> {
    const { signal } = this.#options;
    try {
      await this.#reopen();
      const file = await this.#context.retry({ signal, mayRetry: true }, (progress) =>
        this.#attempt(progress),
      );
      const { preserveTime = false, preserveMode = false } = this.#options;
      await this.#output
        ?.commit({
          mtime: preserveTime ? file.mtime : undefined,
          mode: preserveMode ? file.mode : undefined,
        })
        .catch(rethrowAsLocal);
      await this.#kept?.forget();
      return file;
    } catch (error) {
      const reason = asClientError(error);
      await this.#keep(reason);
      throw reason;
    } finally {
      await this.#output?.close();
      this.#kept?.end();
    }
  }

  async #reopen(): Promise<void> {
    const part = await this.#kept?.reopen();
    if (!part) return;
    const { overwrite = 'always' } = this.#options;
    this.#output = new FileTarget(part.file, overwrite);
    this.#etag = part.etag;
    this.#position = part.file.size;
  }

  async #keep(reason: ClientError): Promise<void> {
    if (!this.#kept || !(this.#output instanceof FileTarget)) return;
    await this.#kept.keep(this.#output.file, reason);
  }

  async #attempt(progress: () => void): Promise<StoredFile> {
    const opened = await this.#open();
    try {
      this.#etag = opened.file.etag;
      this.#output ??= await this.#openOutput(opened.file);
      await this.#receive(opened, this.#output, progress);
      return opened.file;
    } finally {
      abandon(opened);
    }
  }

  /** Asks for what is missing; of a file that has changed meanwhile, that is all of it. */
  async #open(): Promise<OpenRange> {
    const { offset = 0, length, etag, signal } = this.#options;
    const missing = {
      offset: offset + this.#position,
      ...(length !== undefined && { length: length - this.#position }),
      etag: etag ?? this.#etag,
      signal,
    };
    try {
      return await openRange(this.#context, this.#path, missing);
    } catch (error) {
      const hasChanged = error instanceof ClientError && error.code === 'conflict' && !etag;
      if (!hasChanged || this.#etag === undefined) throw error;
      await this.#startOver(error);
      const all = { ...missing, offset, length, etag: undefined };
      return openRange(this.#context, this.#path, all);
    }
  }

  async #startOver(reason: ClientError): Promise<void> {
    if (this.#position > 0 && this.#output?.canStartOver !== true) throw reason;
    await this.#kept?.forget();
    await this.#output?.close();
    this.#output = undefined;
    this.#etag = undefined;
    this.#position = 0;
  }

  async #openOutput(file: StoredFile): Promise<OpenTarget> {
    const { overwrite = 'always', signal } = this.#options;
    const output = await openTarget(this.#target, overwrite, signal).catch(rethrowAsLocal);
    if (output instanceof FileTarget) await this.#kept?.begin(output.file, file);
    return output;
  }

  async #receive(opened: OpenRange, output: OpenTarget, progress: () => void): Promise<void> {
    const { signal, onProgress } = this.#options;
    const before = this.#position;
    const total = before + opened.length;
    const pace = (bytes: number): Promise<void> | undefined => this.#context.pace(bytes, signal);
    for await (const parts of received(opened, this.#path, { signal, pace })) {
      throwIfAborted(signal);
      await output.write(parts).catch(rethrowAsLocal);
      for (const part of parts) this.#position += part.length;
      progress();
      onProgress?.({ transferred: this.#position, total });
    }
  }
}
