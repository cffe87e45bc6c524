/**
 * Byte strings one behind the other: to send each by itself to another thread would cost more than what
 * is done about a small file.
 */
export interface PackedBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How many of the bytes each has. */
  readonly lengths: Float64Array<ArrayBuffer>;
}

/**
 * @param strings - byte strings, each in pieces
 * @returns copies of them, in memory that is all their own
 */
export function packBytes(strings: readonly (readonly Uint8Array[])[]): PackedBytes {
  const lengths = Float64Array.from(strings, sumOfLengths);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let position = 0;
  for (const pieces of strings) {
    for (const piece of pieces) {
      bytes.set(piece, position);
      position += piece.length;
    }
  }
  return { bytes, lengths };
}

function sumOfLengths(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/**
 * @param packed - what {@link packBytes} gave
 * @returns the byte strings, where they lie
 */
export function unpackBytes({ bytes, lengths }: PackedBytes): Uint8Array[] {
  let position = 0;
  return Array.from(lengths, (length) => bytes.subarray(position, (position += length)));
}
