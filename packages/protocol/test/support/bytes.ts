/** Bytes as text, so that a Buffer and a Uint8Array of the same content compare as equal. */
export function toHex(...parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString('hex');
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Cuts bytes at the given places, wherever these lie and in whatever order they come. */
export function splitAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...cuts].sort((a, b) => a - b).map((cut) => Math.min(cut, bytes.length));
  return [...places, bytes.length].map((end, index) => bytes.slice(places[index - 1] ?? 0, end));
}

export function everyByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}
