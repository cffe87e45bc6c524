/**
 * Wraps a raw key in the DER prefix of its algorithm: `node:crypto` imports keys as DER, not raw.
 */
export function fromDer<Type extends 'pkcs8' | 'spki'>(
  prefix: Uint8Array,
  raw: Uint8Array,
  type: Type,
): { key: Buffer; format: 'der'; type: Type } {
  return { key: Buffer.concat([prefix, raw]), format: 'der', type };
}

/**
 * Copies the raw key off the end of a DER structure that closes with it.
 */
export function lastBytes(der: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from(der.subarray(der.length - length));
}
