import { concatBytes, utf8 } from '@e2eeftp/crypto';

import { VaultError } from '../errors.js';
import { labels } from '../labels.js';
import { vaultLimits, vaultSizes } from '../limits.js';
import { streamSizes } from './age/stream.js';

/** What has to be known to go on with an upload. It holds no secret but what it says of the source. */
export interface UploadJournal {
  /** The vault, 16 bytes. */
  readonly vault: Uint8Array;
  /** The entry, 12 bytes. */
  readonly entry: Uint8Array;
  /** The payload's nonce, 16 bytes. */
  readonly nonce: Uint8Array;
  /** The file's header; with the epoch's wrap key it gives the file key. */
  readonly header: Uint8Array;
  /** What tells the source from any other and from itself changed, at most 65,535 bytes. */
  readonly source: Uint8Array;
  /** What tells one run of the machine from the next, at most 65,535 bytes. */
  readonly boot: Uint8Array;
  /** The digests of finished leaves, from the first on, 32 bytes each. */
  readonly leaves: Uint8Array;
  /** The chunk that the first tag belongs to; a leaf begins with it. */
  readonly firstChunk: number;
  /** The tags of chunks that may have been sent, without a gap, 16 bytes each. */
  readonly tags: Uint8Array;
}

/** Chunks of content that one leaf covers. */
const chunksInLeaf = vaultSizes.leaf / streamSizes.chunk;

const tagMark = 1;
const leafMark = 2;
/** A mark and a number stand in front of what an entry tells. */
const entryHead = 9;
const entrySizes = {
  [tagMark]: entryHead + streamSizes.tag,
  [leafMark]: entryHead + vaultSizes.digest,
} as const;

/**
 * Writes a journal out, for a file of its own. What comes later is appended to it:
 * {@link encodeTagEntry}, {@link encodeLeafEntry}.
 *
 * @param journal - what is known
 * @returns its bytes
 */
export function encodeUploadJournal(journal: UploadJournal): Uint8Array {
  const { vault, entry, nonce, header, source, boot, leaves, firstChunk, tags } = journal;
  const head = [utf8(labels.upload), Uint8Array.of(0), vault, entry, nonce];
  for (const field of [header, source, boot]) head.push(u16(field.length), field);
  const finished = leaves.length / vaultSizes.digest;
  const sent = tags.length / streamSizes.tag;
  const entries = new Uint8Array(finished * entrySizes[leafMark] + sent * entrySizes[tagMark]);
  let offset = 0;
  const append = (bytes: Uint8Array): void => {
    entries.set(bytes, offset);
    offset += bytes.length;
  };
  for (let leaf = 0; leaf < finished; leaf++) {
    const start = leaf * vaultSizes.digest;
    append(encodeLeafEntry(leaf, leaves.subarray(start, start + vaultSizes.digest)));
  }
  for (let index = 0; index < sent; index++) {
    const start = index * streamSizes.tag;
    append(encodeTagEntry(firstChunk + index, tags.subarray(start, start + streamSizes.tag)));
  }
  return concatBytes(...head, entries);
}

/**
 * @param chunk - the chunk's number
 * @param tag - its tag, 16 bytes
 * @returns what to append before the chunk is sent
 */
export function encodeTagEntry(chunk: number, tag: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(tagMark), u64(chunk), tag);
}

/**
 * @param leaf - the leaf's number
 * @param digest - its digest, 32 bytes
 * @returns what to append once the leaf is finished
 */
export function encodeLeafEntry(leaf: number, digest: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(leafMark), u64(leaf), digest);
}

/**
 * Reads a journal. An entry that was cut off at the end is left out: it was being written when the
 * program died, so that what it tells of was never sent.
 *
 * @param bytes - the journal's file
 * @returns what it says
 * @throws VaultError `journal-damaged` when it is no journal, or entries are missing or out of
 *   order
 */
export function decodeUploadJournal(bytes: Uint8Array): UploadJournal {
  const reader = new Reader(bytes);
  const label = utf8(labels.upload);
  for (const expected of [...label, 0]) if (reader.take(1)[0] !== expected) throw damaged();
  const vault = reader.take(vaultSizes.vaultId);
  const entry = reader.take(vaultSizes.entryId);
  const nonce = reader.take(streamSizes.nonce);
  const header = reader.takeField();
  const source = reader.takeField();
  const boot = reader.takeField();
  return { vault, entry, nonce, header, source, boot, ...decodeEntries(reader) };
}

/**
 * Leaves out of a journal what is not needed to go on, so that it stays small.
 *
 * @param journal - the journal so far
 * @param stored - how many bytes of sealed chunks the server has confirmed as durable
 * @returns a journal that begins with the leaf in which these bytes end
 * @throws VaultError `journal-insufficient` when it does not reach back to that leaf, or the
 *   server has more than the journal knows of: its end was lost, or the server lies
 */
export function trimUploadJournal(journal: UploadJournal, stored: number): UploadJournal {
  const { leaves, firstChunk, tags } = journal;
  const finished = leaves.length / vaultSizes.digest;
  const known = firstChunk + tags.length / streamSizes.tag;
  const whole = Math.floor(stored / streamSizes.sealedChunk);
  const begun = Math.ceil(stored / streamSizes.sealedChunk);
  const leaf = Math.min(Math.floor(whole / chunksInLeaf), finished);
  const skipped = leaf * chunksInLeaf - firstChunk;
  if (skipped < 0 || begun > known) {
    throw new VaultError(
      'journal-insufficient',
      'The notes of this upload do not reach to where the server stands, so it cannot go on safely. Start it over',
    );
  }
  return {
    ...journal,
    leaves: leaves.slice(0, leaf * vaultSizes.digest),
    firstChunk: firstChunk + skipped,
    tags: tags.slice(skipped * streamSizes.tag),
  };
}

function decodeEntries(reader: Reader): Pick<UploadJournal, 'leaves' | 'firstChunk' | 'tags'> {
  const leaves = new Uint8Array(reader.missing);
  const tags = new Uint8Array(reader.missing);
  let finished = 0;
  let sent = 0;
  let firstChunk = 0;
  for (let entry = reader.takeEntry(); entry; entry = reader.takeEntry()) {
    const { mark, index, value } = entry;
    if (mark === leafMark) {
      // Of those whose tags were trimmed away no tag came before; any other ends with a noted chunk.
      const isInOrder = sent === 0 || firstChunk + sent >= (finished + 1) * chunksInLeaf;
      if (index !== finished || !isInOrder) throw damaged();
      leaves.set(value, finished++ * vaultSizes.digest);
      if (sent === 0) firstChunk = finished * chunksInLeaf;
    } else {
      if (index !== firstChunk + sent) throw damaged();
      tags.set(value, sent++ * streamSizes.tag);
    }
  }
  return {
    leaves: leaves.slice(0, finished * vaultSizes.digest),
    firstChunk,
    tags: tags.slice(0, sent * streamSizes.tag),
  };
}

/** Takes a journal apart from its beginning. */
class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    // Parts are copied, which a Buffer's own `slice` would not do.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get missing(): number {
    return this.#bytes.length - this.#offset;
  }

  take(length: number): Uint8Array {
    const part = this.#bytes.slice(this.#offset, this.#offset + length);
    if (part.length < length) throw damaged();
    this.#offset += length;
    return part;
  }

  takeField(): Uint8Array {
    const [high = 0, low = 0] = this.take(2);
    return this.take(high * 256 + low);
  }

  takeEntry():
    { readonly mark: 1 | 2; readonly index: number; readonly value: Uint8Array } | undefined {
    const mark = this.#bytes[this.#offset];
    if (mark === undefined) return undefined;
    if (mark !== tagMark && mark !== leafMark) throw damaged();
    if (this.missing < entrySizes[mark]) return undefined;
    const head = this.take(entryHead);
    const index = Number(new DataView(head.buffer).getBigUint64(1));
    return { mark, index, value: this.take(entrySizes[mark] - entryHead) };
  }
}

function u16(value: number): Uint8Array {
  if (value > vaultLimits.sourceState)
    throw new VaultError('misuse', 'A field of a journal is too long');
  return Uint8Array.of(value >>> 8, value & 0xff);
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

function damaged(): VaultError {
  return new VaultError(
    'journal-damaged',
    'The notes of this upload are damaged, so it cannot go on safely. Start it over',
  );
}
