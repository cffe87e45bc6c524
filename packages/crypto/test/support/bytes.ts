import fc from 'fast-check';

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function unhex(text: string): Uint8Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'hex'));
  if (bytes.length * 2 !== text.length) throw new Error(`not hex: ${text}`);
  return bytes;
}

export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  const index = bit >>> 3;
  flipped[index] = (flipped[index] as number) ^ (1 << (bit & 7));
  return flipped;
}

/** Cuts bytes at the given places, which may be in any order and beyond the end. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let start = 0;
  for (const place of [...places].sort((one, other) => one - other)) {
    const end = Math.min(place, bytes.length);
    pieces.push(bytes.slice(start, end));
    start = end;
  }
  pieces.push(bytes.slice(start));
  return pieces;
}

export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

export const arbitraryBytes = (maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ maxLength });

export const arbitraryKey = fc.uint8Array({ minLength: 32, maxLength: 32 });

export const arbitraryCuts = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat({ max: length }), { maxLength: 12 });
