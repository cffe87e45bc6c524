import { createHash } from 'node:crypto';

import fc from 'fast-check';

/** Bytes as text, so that a Buffer and a Uint8Array of the same content compare as equal. */
export function hex(...parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString('hex');
}

export function unhex(text: string): Uint8Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'hex'));
  if (bytes.length * 2 !== text.length) throw new Error(`not hex: ${text}`);
  return bytes;
}

export function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

export function joined(parts: Iterable<Uint8Array>): Uint8Array {
  return Uint8Array.from(Buffer.concat([...parts]));
}

export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  flipped[bit >>> 3] = (flipped[bit >>> 3] as number) ^ (1 << (bit & 7));
  return flipped;
}

/** Cuts bytes at the given places, which may be in any order and beyond the end. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places, bytes.length]
    .map((place) => Math.min(place, bytes.length))
    .sort((one, other) => one - other);
  return ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
}

export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

export const arbitraryCuts = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat({ max: length }), { maxLength: 8 });

/** Content by the rule of vault-files.json. */
export function contentOf(seed: string, length: number): Uint8Array {
  const content = Buffer.alloc(Math.ceil(length / 32) * 32);
  const counter = Buffer.alloc(4);
  for (let block = 0; block * 32 < length; block++) {
    counter.writeUInt32BE(block);
    createHash('sha256')
      .update(seed)
      .update(counter)
      .digest()
      .copy(content, block * 32);
  }
  return Uint8Array.from(content.subarray(0, length));
}

/** The same bytes with one changed. */
export function flipByte(bytes: Uint8Array, index: number, mask = 0xff): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  flipped[index] = (flipped[index] as number) ^ mask;
  return flipped;
}

export function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}
