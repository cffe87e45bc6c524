/** Bytes of the IV that a v1 payload begins with. */
export const ivLength = 16;
/** Bytes of the HMAC-SHA-256 that it ends with. */
export const tagLength = 32;
const blockLength = 16;

/** Bytes of the shortest payload, that of an empty file. */
const minimumLength = ivLength + blockLength + tagLength;

/**
 * How long the v1 payload of a file is: the IV, the padded ciphertext and the tag. The padding has
 * 1 to 16 bytes, so it is known before the first byte is encrypted.
 *
 * @param plaintextLength - bytes of the file
 * @returns bytes of the payload
 */
export function v1PayloadLength(plaintextLength: number): number {
  const blocks = Math.floor(plaintextLength / blockLength) + 1;
  return ivLength + blocks * blockLength + tagLength;
}

/**
 * @param length - bytes of a payload, as a peer announces them
 * @returns whether any file has a payload of this length
 */
export function isV1PayloadLength(length: number): boolean {
  return length >= minimumLength && (length - minimumLength) % blockLength === 0;
}
