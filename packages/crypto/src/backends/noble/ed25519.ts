import { ed25519 as curve } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';

import type { CryptoBackend } from '../../backend.js';
import { concatBytes, equalBytes } from '../../bytes.js';
import { isAcceptableSignature } from '../../ed25519-public-key.js';
import { sizes } from '../../labels.js';
import { expectLength } from '../../lengths.js';

const { Point } = curve;

/** Ed25519 in JavaScript, with verification that gives OpenSSL's answers. */
export const ed25519: CryptoBackend['ed25519'] = {
  fromSeed(seed) {
    expectLength('Ed25519 seed', seed, sizes.ed25519Seed);
    const secret = Uint8Array.from(seed);
    return {
      publicKey: curve.getPublicKey(secret),
      sign: (message) => curve.sign(message, secret),
    };
  },
  verify(publicKey, message, signature) {
    if (!isAcceptableSignature(publicKey, signature)) return false;
    const commitment = signature.subarray(0, 32);
    const scalar = littleEndian(signature.subarray(32));
    if (scalar >= Point.Fn.ORDER) return false;
    let keyPoint;
    try {
      keyPoint = Point.fromBytes(publicKey, false);
    } catch {
      return false;
    }
    // noble's own verify multiplies by the cofactor; OpenSSL does not. R is found again without
    // it and compared as bytes (RFC 8032, section 5.1.7), so that both backends agree on every
    // signature, those with a torsion component included.
    const challenge = Point.Fn.create(
      littleEndian(sha512(concatBytes(commitment, publicKey, message))),
    );
    const expected = Point.BASE.multiplyUnsafe(scalar).subtract(keyPoint.multiplyUnsafe(challenge));
    return equalBytes(expected.toBytes(), commitment);
  },
};

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index--) {
    value = (value << 8n) | BigInt(bytes[index] as number);
  }
  return value;
}
