import { sizes } from './labels.js';

/** 2^255 − 19 without its lowest byte is 31 bytes of ff and a top byte of 7f. */
const lowestByteOfPrime = 0xed;

/**
 * The y-coordinates of the points whose order divides 8, as hexadecimal little-endian bytes
 * with the sign bit cleared: 0 (order 4), 1 (order 1), −1 (order 2), and two of order 8.
 */
const smallOrderY = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/**
 * Says whether 32 bytes may stand for an Ed25519 identity, apart from lying on the curve.
 *
 * OpenSSL takes a y-coordinate that is not reduced, which gives one identity two spellings,
 * and a key of small order, under which one signature fits many messages. Neither is a key
 * that an honest generator makes, and both are refused on every backend.
 *
 * @param publicKey - the encoded point
 * @returns whether it is 32 bytes, canonical and not of small order
 */
export function isAcceptablePublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== sizes.ed25519PublicKey) return false;
  const y = Uint8Array.from(publicKey);
  y[31] = (y[31] as number) & 0x7f;
  return isReduced(y) && !smallOrderY.has(toHex(y));
}

/**
 * Makes the checks on the encoding of a signature that have to come out alike on every backend,
 * before any of them computes.
 *
 * The point R must be canonical and not of small order, as the key: versions of OpenSSL differ in
 * whether they take a small one, and no honest signer makes it.
 *
 * @param publicKey - the encoded point A
 * @param signature - R and s
 * @returns whether there is an equation to be checked
 */
export function isAcceptableSignature(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    signature.length === sizes.ed25519Signature &&
    isAcceptablePublicKey(publicKey) &&
    isAcceptablePublicKey(signature.subarray(0, sizes.ed25519PublicKey))
  );
}

function isReduced(y: Uint8Array): boolean {
  if (y[31] !== 0x7f) return true;
  for (let index = 30; index >= 1; index--) {
    if (y[index] !== 0xff) return true;
  }
  return (y[0] as number) < lowestByteOfPrime;
}

function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}
