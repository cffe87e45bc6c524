import {
  beginSealing,
  decodeUploadJournal,
  resumeSealing,
  storedFileSize,
  VaultError,
  vaultSizes,
  type FileMetadata,
  type FileSealer,
  type SealedPart,
  type SourceState,
} from '@e2eeftp/vault';

import { asLocalError } from '../errors.js';
import type { OpenSource } from '../transfer/open-source.js';
import type { RepeatableSource } from '../transfer/source.js';
import type { SourceVersion } from '../transfer/source-version.js';
import { digestOfLeaf } from './content-root.js';
import { GatheredBytes } from './gathered-bytes.js';
import { explained, sealingOf, type OpenVault } from './open-vault.js';
import type { UploadNotes } from './upload-notes.js';

/** A file that is to be sealed. */
export interface FileToSend {
  /** The entry's id, 12 bytes. */
  readonly entry: Uint8Array;
  readonly metadata: Omit<FileMetadata, 'sender'>;
}

/**
 * Reads a source, which may be anybody's and fail in any way.
 *
 * @param source - the source
 * @param offset - from which byte on
 * @yields its bytes
 * @throws ClientError
 */
export async function* readSource(
  source: OpenSource,
  offset: number,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* source.read(offset);
  } catch (error) {
    throw asLocalError(error);
  }
}

/** What is sealed, and for whom. */
export interface SealingOptions {
  readonly vault: OpenVault;
  readonly source: OpenSource;
  readonly file: FileToSend;
  /** The path in the vault, for messages. */
  readonly path: string;
}

/** What can be read again is sealed again, from where the server has it. */
export interface ResumableSealingOptions extends SealingOptions {
  /** Bytes of the source. */
  readonly size: number;
  /** What shows that source and machine are the same. */
  readonly state: SourceState;
  readonly notes: UploadNotes;
}

/**
 * Seals what follows of a source. Whole leaves are hashed on another thread, while their chunks are sent.
 */
async function* sealedParts(
  sealer: FileSealer,
  source: OpenSource,
): AsyncGenerator<SealedPart, void, void> {
  let position = sealer.contentOffset;
  for await (const chunk of readSource(source, position)) {
    // All that is in memory may come as one chunk.
    for (let start = 0; start < chunk.length; start += vaultSizes.leaf) {
      const piece = chunk.subarray(start, start + vaultSizes.leaf);
      const isLeaf = piece.length === vaultSizes.leaf && position % vaultSizes.leaf === 0;
      position += piece.length;
      if (!isLeaf) {
        yield sealer.update(piece);
        continue;
      }
      const digest = digestOfLeaf(piece);
      // Who stops in between does not hear of it.
      digest.catch(() => undefined);
      yield sealer.updateLeaf(piece);
      yield sealer.addLeaf(await digest);
    }
  }
  yield sealer.finish();
}

/**
 * Seals a source while it is read, once.
 *
 * @param options - what to seal
 * @yields the stored file
 * @throws ClientError
 */
export async function* sealedOnce(options: SealingOptions): AsyncGenerator<Uint8Array, void, void> {
  const { vault, source, file, path } = options;
  try {
    const gathered = new GatheredBytes();
    const sealer = beginSealing(sealingOf(vault), file);
    yield gathered.gather(sealer.start().bytes);
    for await (const { bytes } of sealedParts(sealer, source)) {
      if (bytes.length > 0) yield gathered.gather(bytes);
    }
  } catch (error) {
    throw explained(error, vault, path);
  }
}

/**
 * Seals a source while it is read, from any byte of the stored file on: what was sealed before comes out
 * the same, or the reading fails. What is noted is noted before it is given out.
 */
export class SealedSource implements RepeatableSource {
  readonly size: number;
  readonly local: string | undefined;
  readonly version: SourceVersion | undefined;
  readonly #options: ResumableSealingOptions;
  readonly #gathered = new GatheredBytes();
  #reading: AsyncGenerator<Uint8Array, void, void> | undefined;

  /** @param options - what to seal */
  constructor(options: ResumableSealingOptions) {
    const { size, source } = options;
    this.size = storedFileSize(size);
    this.local = source.local;
    this.version = source.version;
    this.#options = options;
  }

  read(offset: number): AsyncIterable<Uint8Array> {
    this.#reading = this.#read(offset, this.#reading);
    return this.#reading;
  }

  /** Frees what a reading under way holds. The source stays open. */
  async close(): Promise<void> {
    await this.#reading?.return();
  }

  async *#read(
    offset: number,
    earlier: AsyncGenerator<Uint8Array, void, void> | undefined,
  ): AsyncGenerator<Uint8Array, void, void> {
    const { vault, source, path } = this.#options;
    try {
      // It must note nothing any more.
      await earlier?.return();
      const { sealer, notes } = await this.#sealer(offset);
      const start = sealer.start();
      await notes.replace(start.journal);
      if (start.bytes.length > 0) yield this.#gathered.gather(start.bytes);
      for await (const { journal, bytes } of sealedParts(sealer, source)) {
        if (journal.length > 0) await notes.append(journal);
        if (bytes.length > 0) yield this.#gathered.gather(bytes);
      }
    } catch (error) {
      throw explained(error, vault, path);
    }
  }

  async #sealer(offset: number): Promise<{ sealer: FileSealer; notes: UploadNotes }> {
    const { vault, file, state, notes } = this.#options;
    const access = sealingOf(vault);
    const noted = await notes.read();
    if (noted) {
      return { sealer: resumeSealing(access, decodeUploadJournal(noted), state, offset), notes };
    }
    if (offset === 0) return { sealer: beginSealing(access, { ...file, state }), notes };
    throw new VaultError(
      'journal-insufficient',
      'The notes of this upload are lost, so it cannot go on safely. Start it over',
    );
  }
}
