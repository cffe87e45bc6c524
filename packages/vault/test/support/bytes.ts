export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function unhex(text: string): Uint8Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'hex'));
  if (bytes.length * 2 !== text.length) throw new Error(`not hex: ${text}`);
  return bytes;
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
