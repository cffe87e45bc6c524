import { createHash } from 'node:crypto';

import { equalBytes } from '@e2eeftp/crypto';

/** Bytes before each note: its length, and the beginning of its digest. */
const sizes = { length: 4, digest: 8 } as const;

/**
 * @param note - what is noted
 * @returns the same, in a form in which {@link readFrames} sees whether it was damaged: a file that was
 *   signed after a damaged note would be refused by everybody
 */
export function frameOf(note: Uint8Array): Uint8Array {
  const head = Buffer.alloc(sizes.length);
  head.writeUInt32BE(note.length);
  return Buffer.concat([head, digestOf(note), note]);
}

/**
 * @param bytes - notes, each as {@link frameOf} gives it
 * @returns the notes one behind the other, but for one that is cut off at the end: it was being written
 *   when the program died; nothing when one is damaged
 */
export function readFrames(bytes: Uint8Array): Uint8Array | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const notes: Uint8Array[] = [];
  for (let start = 0; start + sizes.length + sizes.digest <= all.length;) {
    const digest = start + sizes.length;
    const begin = digest + sizes.digest;
    const end = begin + all.readUInt32BE(start);
    if (end > all.length) break;
    const note = all.subarray(begin, end);
    if (!equalBytes(all.subarray(digest, begin), digestOf(note))) return undefined;
    notes.push(note);
    start = end;
  }
  return Buffer.concat(notes);
}

function digestOf(note: Uint8Array): Uint8Array {
  return createHash('sha256').update(note).digest().subarray(0, sizes.digest);
}
