import { concatBytes, equalBytes, type CryptoBackend, type Identity } from '@e2eeftp/crypto';

import { VaultError } from '../errors.js';
import { vaultSizes } from '../limits.js';
import { streamSizes } from './age/stream.js';
import { ContentHash } from './content-hash.js';
import type { FileKeys } from './file-keys.js';
import type { FileMetadata } from './metadata.js';
import { fileMessage } from './signed-message.js';
import {
  encodeLeafEntry,
  encodeTagEntry,
  encodeUploadJournal,
  type UploadJournal,
} from './upload-journal.js';

/** A file whose keys are made: what `beginSealing` and `resumeSealing` hand to a sealer. */
export interface FileUnderWay {
  readonly backend: CryptoBackend;
  readonly sender: Identity;
  readonly vault: Uint8Array;
  readonly entry: Uint8Array;
  readonly epoch: number;
  readonly metadata: FileMetadata;
  readonly keys: FileKeys;
  /** Header and nonce. */
  readonly head: Uint8Array;
  /** What was noted so far, from the leaf on with which the sealer begins. */
  readonly journal?: UploadJournal | undefined;
  /** Bytes of the stored file that need not be given out. */
  readonly storedOffset: number;
}

/** What came of a step of sealing. */
export interface SealedPart {
  /** To be appended to the journal before any of the bytes are sent; empty when there is none. */
  readonly journal: Uint8Array;
  /** The stored file's next bytes, in pieces. */
  readonly bytes: readonly Uint8Array[];
}

/**
 * Makes a stored file out of content: the head, then chunks as content comes, then the end with the
 * signature. It holds less than a chunk.
 *
 * No chunk number is ever used for two plaintexts: numbers only rise, and going on with an earlier
 * upload seals what may have been sent again and gives it out only where it came out the same. After
 * an error a sealer refuses everything.
 */
export class FileSealer {
  /** Where in the content the bytes must begin that it is fed with. */
  readonly contentOffset: number;
  /** Where in the stored file the bytes begin that it gives. */
  readonly storedOffset: number;
  readonly #file: FileUnderWay;
  readonly #hash: ContentHash;
  /** Where the content of a chunk is put together that is not full yet. */
  #pending: Uint8Array = new Uint8Array(0);
  #filled = 0;
  #chunk: number;
  /** Bytes of the stored file so far, whether given out or not. */
  #stored: number;
  #step: 'head' | 'content' | 'leaf' | 'over' = 'head';

  /** @param file - its keys, and what is known of an earlier attempt */
  constructor(file: FileUnderWay) {
    const { backend, head, journal, storedOffset } = file;
    this.#file = file;
    this.#chunk = journal?.firstChunk ?? 0;
    this.#stored = head.length + this.#chunk * streamSizes.sealedChunk;
    this.#hash = new ContentHash(backend);
    const leaves = journal?.leaves ?? new Uint8Array(0);
    for (let start = 0; start < leaves.length; start += vaultSizes.digest) {
      this.#hash.addLeaf(leaves.subarray(start, start + vaultSizes.digest));
    }
    this.contentOffset = this.#hash.size;
    this.storedOffset = storedOffset;
  }

  /**
   * Gives the stored file's beginning.
   *
   * @returns the header and the nonce, or what of them is not stored yet. The journal is one of its
   *   own, that takes the place of an earlier one
   * @throws VaultError `misuse` when this is not the first step
   */
  start(): SealedPart {
    this.#enter('head', 'content');
    const { head, journal } = this.#file;
    const missing = head.subarray(Math.min(this.storedOffset, head.length));
    return {
      journal: journal ? encodeUploadJournal(journal) : new Uint8Array(0),
      bytes: missing.length > 0 ? [missing] : [],
    };
  }

  /**
   * @param content - the content's next bytes; not kept
   * @returns the chunks that these complete
   * @throws VaultError `source-changed` when a chunk is not what was sealed under its number
   *   before; `misuse` out of turn
   */
  update(content: Uint8Array): SealedPart {
    this.#enter('content', 'over');
    const part = new PartUnderWay(this.#file.journal !== undefined);
    this.#put(this.#sealWhole(content, part));
    this.#step = 'content';
    return part.done();
  }
  /**
   * Seals a whole leaf of content whose digest is made meanwhile, on another thread: `addLeaf` must be
   * the next step.
   *
   * @param leaf - the content's next 1 MiB, behind whole leaves only; not kept
   * @returns the chunks that hold it
   * @throws VaultError as {@link FileSealer.update} does
   */
  updateLeaf(leaf: Uint8Array): SealedPart {
    const isBetweenLeaves = this.#hash.size % vaultSizes.leaf === 0 && this.#filled === 0;
    if (!isBetweenLeaves || leaf.length !== vaultSizes.leaf) {
      throw new VaultError('misuse', 'A leaf is 1 MiB, and follows whole leaves');
    }
    this.#enter('content', 'over');
    const part = new PartUnderWay(this.#file.journal !== undefined);
    for (let start = 0; start < leaf.length; start += streamSizes.chunk) {
      this.#seal([leaf.subarray(start, start + streamSizes.chunk)], false, part);
    }
    this.#step = 'leaf';
    return part.done();
  }

  /**
   * Takes the digest of the leaf that was sealed last.
   *
   * @param digest - 32 bytes (`hashLeaf`); with another one, the file would be refused by everybody
   * @returns what is to be appended to the journal
   * @throws VaultError `misuse` when no leaf waits for its digest
   */
  addLeaf(digest: Uint8Array): SealedPart {
    this.#enter('leaf', 'over');
    this.#hash.addLeaf(digest);
    const part = new PartUnderWay(this.#file.journal !== undefined);
    part.note(encodeLeafEntry(this.#hash.size / vaultSizes.leaf - 1, digest));
    this.#step = 'content';
    return part.done();
  }

  /**
   * Ends the content and signs it.
   *
   * @param content - the content's last bytes; not kept. A small file is best given here as a whole
   * @returns the rest of the stored file
   * @throws VaultError `source-changed` when the content ends before what was sealed of it
   *   before, or is not the same; `journal-insufficient` when the server has more than the whole
   *   file; `misuse` out of turn
   */
  finish(content: Uint8Array = new Uint8Array(0)): SealedPart {
    this.#enter('content', 'over');
    const part = new PartUnderWay(this.#file.journal !== undefined);
    const left = this.#sealWhole(content, part);
    const rest = this.#filled === 0 ? left : this.#put(left);
    const signature = this.#sign(rest);
    const room = streamSizes.chunk - rest.length;
    const isLast = room >= signature.length;
    this.#seal([rest, signature.subarray(0, room)], isLast, part);
    if (!isLast) this.#seal([signature.subarray(room)], true, part);
    if (this.#expectedTag(this.#chunk)) throw sourceChanged();
    if (this.storedOffset > this.#stored) {
      throw new VaultError(
        'journal-insufficient',
        'The server has more of this upload than there is, so it cannot go on safely. Start it over',
      );
    }
    return part.done();
  }

  /** Seals the chunks that these bytes complete, and gives what they leave, less than a chunk. */
  #sealWhole(content: Uint8Array, part: PartUnderWay): Uint8Array {
    let rest = content;
    while (this.#filled + rest.length >= streamSizes.chunk) {
      const taken = rest.subarray(0, streamSizes.chunk - this.#filled);
      // A chunk that comes in one piece is sealed from where it lies.
      this.#sealContent(this.#filled === 0 ? taken : this.#put(taken), part);
      rest = rest.subarray(taken.length);
      this.#filled = 0;
    }
    return rest;
  }

  #enter(expected: 'head' | 'content' | 'leaf', next: 'content' | 'over'): void {
    if (this.#step !== expected) {
      throw new VaultError('misuse', 'A file is sealed from its head to its end, once');
    }
    this.#step = next;
  }

  /** Adds to the chunk that is not full yet, and gives all of it; a small file needs little room. */
  #put(content: Uint8Array): Uint8Array {
    const filled = this.#filled + content.length;
    if (filled > this.#pending.length) {
      const room = new Uint8Array(Math.min(streamSizes.chunk, Math.max(filled, 2 * this.#filled)));
      room.set(this.#pending.subarray(0, this.#filled));
      this.#pending = room;
    }
    this.#pending.set(content, this.#filled);
    this.#filled = filled;
    return this.#pending.subarray(0, filled);
  }

  #sealContent(content: Uint8Array, part: PartUnderWay): void {
    this.#seal([content], false, part);
    for (const digest of this.#hash.update(content)) {
      part.note(encodeLeafEntry(this.#hash.size / vaultSizes.leaf - 1, digest));
    }
  }

  #seal(plaintext: readonly Uint8Array[], isLast: boolean, part: PartUnderWay): void {
    this.#take(this.#file.keys.stream.seal(this.#chunk, isLast, plaintext), part);
  }

  /**
   * Takes the next chunk, sealed, and gives what is not stored yet of it. Had it been sent before
   * with another plaintext, the two together would betray both (they share a keystream), and let
   * others forge it (they share a one-time authenticator key): so nothing leaves before it was
   * compared.
   */
  #take(sealed: readonly Uint8Array[], part: PartUnderWay): void {
    const tag = sealed.at(-1) ?? new Uint8Array(0);
    const expected = this.#expectedTag(this.#chunk);
    if (!expected) part.note(encodeTagEntry(this.#chunk, tag));
    else if (!equalBytes(expected, tag)) throw sourceChanged();
    for (const piece of sealed) {
      const skipped = Math.min(Math.max(0, this.storedOffset - this.#stored), piece.length);
      if (skipped < piece.length) part.give(piece.subarray(skipped));
      this.#stored += piece.length;
    }
    this.#chunk++;
  }

  /** What came of a chunk when it was sealed before, if it was. */
  #expectedTag(chunk: number): Uint8Array | undefined {
    if (!this.#file.journal) return undefined;
    const { tags, firstChunk } = this.#file.journal;
    const start = (chunk - firstChunk) * streamSizes.tag;
    return start < tags.length ? tags.subarray(start, start + streamSizes.tag) : undefined;
  }

  #sign(last: Uint8Array): Uint8Array {
    const { vault, entry, epoch, keys, metadata, sender } = this.#file;
    const { commitment } = keys;
    const root = this.#hash.root(last);
    const { size } = this.#hash;
    return sender.sign(fileMessage({ vault, entry, epoch, commitment, root, size, metadata }));
  }
}

/** Collects what a step gives. */
class PartUnderWay {
  readonly #hasJournal: boolean;
  readonly #notes: Uint8Array[] = [];
  readonly #bytes: Uint8Array[] = [];

  constructor(hasJournal: boolean) {
    this.#hasJournal = hasJournal;
  }

  note(entry: Uint8Array): void {
    if (this.#hasJournal) this.#notes.push(entry);
  }

  give(piece: Uint8Array): void {
    this.#bytes.push(piece);
  }

  done(): SealedPart {
    return { journal: concatBytes(...this.#notes), bytes: this.#bytes };
  }
}

/** @returns what stops a resumed upload whose source is another now */
export function sourceChanged(): VaultError {
  return new VaultError(
    'source-changed',
    'The source changed since this upload began, so what is stored of it cannot be used. Start it over',
  );
}
