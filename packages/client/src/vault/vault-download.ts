import { open } from 'node:fs/promises';

import { readChunks } from '@e2eeftp/file-io';
import type { RemotePath, StoredFile } from '@e2eeftp/protocol';
import { hashLeaf, vaultSizes, type FileMetadata } from '@e2eeftp/vault';
import { defaultBackend } from '@e2eeftp/crypto';

import { ClientError, rethrowAsLocal, throwIfAborted } from '../errors.js';
import type { GetOptions } from '../options.js';
import type { ServerFiles } from '../server-files.js';
import { KeptDownload } from '../transfer/kept-download.js';
import type { OpenTarget } from '../transfer/open-target.js';
import { FileTarget, openTarget, type DownloadTarget } from '../transfer/target.js';
import type { FileFinder, FoundFile } from './file-finder.js';
import { readHead } from './file-place.js';
import { explained, vaultErrorIn, type OpenVault } from './open-vault.js';
import { readContent } from './vault-ranges.js';
import { readWhole, type KnownBeginning } from './vault-reading.js';

/** What a download works with. */
export interface DownloadSource {
  readonly client: ServerFiles;
  readonly vault: OpenVault;
  readonly files: FileFinder;
}

type SignalledOptions = GetOptions & { readonly signal: AbortSignal };

/**
 * Receives a whole file of a vault. A local file gets its name only when the sender's signature was
 * checked; a stream gets verified chunks before, and the download fails in the end if it does not hold.
 *
 * @param source - what to receive with
 * @param path - a path in the vault
 * @param target - where to
 * @param options - how, with the operation's signal
 * @returns the file, as its sender signed it
 * @throws ClientError
 */
export async function downloadWhole(
  source: DownloadSource,
  path: RemotePath,
  target: DownloadTarget,
  options: SignalledOptions,
): Promise<StoredFile> {
  return new WholeDownload(source, path, target, options).run();
}

/**
 * Receives a part of a file of a vault.
 *
 * @param source - what to receive with
 * @param path - a path in the vault
 * @param target - where to
 * @param options - which part, with the operation's signal
 * @returns the file; of a part, its sender has not signed that
 * @throws ClientError
 */
export async function downloadPart(
  { client, vault, files }: DownloadSource,
  path: RemotePath,
  target: DownloadTarget,
  options: SignalledOptions,
): Promise<StoredFile> {
  const { overwrite = 'always', signal, preserveTime = false, preserveMode = false } = options;
  const reading = { client, vault, signal };
  let file: StoredFile | undefined;
  const content = readContent(files, reading, path, {
    ...options,
    onOpen: (opened) => {
      file = opened;
    },
  });
  const first = await content.next();
  const output = await openTarget(target, overwrite, signal).catch(rethrowAsLocal);
  try {
    for (let next = first; next.done !== true; next = await content.next()) {
      throwIfAborted(signal);
      await output.write(next.value).catch(rethrowAsLocal);
    }
    if (!file) throw new ClientError('integrity', `${path} has no head`);
    const { mtime, mode } = file;
    await output
      .commit({ mtime: preserveTime ? mtime : undefined, mode: preserveMode ? mode : undefined })
      .catch(rethrowAsLocal);
    return file;
  } finally {
    await content.return();
    await output.close();
  }
}

/** One download, which may begin anew. */
class WholeDownload {
  readonly #source: DownloadSource;
  readonly #path: RemotePath;
  readonly #target: DownloadTarget;
  readonly #options: SignalledOptions;
  readonly #kept: KeptDownload | undefined;
  #output: OpenTarget | undefined;
  /** The version that the output has a part of. */
  #etag: string | undefined;
  /** Bytes of content that the output has. */
  #position = 0;
  /** Whether an earlier run has received a part of it. */
  #isResumed = false;

  constructor(
    source: DownloadSource,
    path: RemotePath,
    target: DownloadTarget,
    options: SignalledOptions,
  ) {
    const { client, vault } = source;
    this.#source = source;
    this.#path = path;
    this.#target = target;
    this.#options = options;
    if (typeof target === 'string') {
      this.#kept = new KeptDownload(client.memory, `${vault.root}:${path}`, target);
    }
  }

  async run(): Promise<StoredFile> {
    const { signal, preserveTime = false, preserveMode = false } = this.#options;
    try {
      await this.#reopen();
      const file = await this.#source.files.reading(this.#path, signal, (found) =>
        this.#attempt(found),
      );
      await this.#output
        ?.commit({
          mtime: preserveTime ? file.mtime : undefined,
          mode: preserveMode ? file.mode : undefined,
        })
        .catch(rethrowAsLocal);
      await this.#kept?.forget();
      return file;
    } catch (error) {
      const reason = explained(error, this.#source.vault, this.#path);
      if (this.#output instanceof FileTarget) await this.#kept?.keep(this.#output.file, reason);
      throw reason;
    } finally {
      await this.#output?.close();
      this.#kept?.end();
    }
  }

  async #reopen(): Promise<void> {
    const part = await this.#kept?.reopen(vaultSizes.leaf);
    if (!part) return;
    const { overwrite = 'always' } = this.#options;
    this.#output = new FileTarget(part.file, overwrite);
    this.#etag = part.etag;
    this.#position = part.file.size;
    this.#isResumed = true;
  }

  async #attempt(found: FoundFile): Promise<StoredFile> {
    if (this.#etag !== undefined && this.#etag !== found.etag) await this.#startOver();
    try {
      return await this.#receive(found);
    } catch (error) {
      // What is on the disk may have been changed there since.
      if (!this.#isResumed || !vaultErrorIn(error)) throw error;
      await this.#startOver();
      return this.#receive(found);
    }
  }

  async #receive(found: FoundFile): Promise<StoredFile> {
    const { signal, onProgress } = this.#options;
    const { client, vault } = this.#source;
    const { place, etag, size } = found;
    const reading = { client, vault, signal };
    const known = await this.#known(found);
    this.#etag = etag;
    const output = (this.#output ??= await this.#open(found));
    const content = readWhole(reading, place, known);
    let metadata: FileMetadata;
    try {
      for (;;) {
        const next = await content.next();
        if (next.done === true) {
          metadata = next.value;
          break;
        }
        throwIfAborted(signal);
        await output.write(next.value).catch(rethrowAsLocal);
        for (const part of next.value) this.#position += part.length;
        onProgress?.({ transferred: this.#position, total: size });
      }
    } finally {
      await content.return({} as never);
    }
    const { mtime, mode } = metadata;
    return { size, mtime, etag, mode };
  }

  /** Of what is there already, the digests as the disk has it now. */
  async #known({ place }: FoundFile): Promise<KnownBeginning | undefined> {
    if (this.#position === 0 || !(this.#output instanceof FileTarget)) return undefined;
    const { client, vault } = this.#source;
    const head = await readHead(client, vault, place, this.#options.signal);
    const leaves: Uint8Array[] = [];
    const handle = await open(this.#output.file.partPath, 'r');
    try {
      for await (const leaf of readChunks(handle, 0, this.#position)) {
        leaves.push(hashLeaf(defaultBackend, leaf));
      }
    } finally {
      await handle.close();
    }
    return { head, leaves };
  }

  async #open({ etag, size }: FoundFile): Promise<OpenTarget> {
    const { overwrite = 'always', signal } = this.#options;
    const output = await openTarget(this.#target, overwrite, signal).catch(rethrowAsLocal);
    if (output instanceof FileTarget) await this.#kept?.begin(output.file, { etag, size });
    return output;
  }

  async #startOver(): Promise<void> {
    if (this.#position > 0 && this.#output?.canStartOver !== true) {
      const message = `${this.#path} was replaced while it was received; get it again`;
      throw new ClientError('conflict', message);
    }
    await this.#kept?.forget();
    await this.#output?.close();
    this.#output = undefined;
    this.#etag = undefined;
    this.#position = 0;
    this.#isResumed = false;
  }
}
