// Deterministic CBOR (RFC 8949, section 4.2.1) of whole numbers, text, bytes, lists and maps.

function head(type, argument) {
  if (argument < 24) return Buffer.of((type << 5) | argument);
  if (argument < 2 ** 8) return Buffer.of((type << 5) | 24, argument);
  if (argument < 2 ** 16) return Buffer.of((type << 5) | 25, argument >> 8, argument & 0xff);
  throw new Error('no vector is that long');
}

export function encodeCbor(value) {
  if (typeof value === 'number') return head(0, value);
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([head(3, text.length), text]);
  }
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(encodeCbor)]);
  const entries = Object.entries(value).map((entry) => entry.map(encodeCbor));
  entries.sort(([one], [other]) => Buffer.compare(one, other));
  return Buffer.concat([head(5, entries.length), ...entries.flat()]);
}
