// Prints x25519-refused.json: public keys that lead to an all-zero shared secret.
import { ed25519, ED25519_TORSION_SUBGROUP } from './noble.mjs';

const { Fp } = ed25519.Point;
const prime = Fp.ORDER;

const encode = (number) =>
  Buffer.from(
    Uint8Array.from({ length: 32 }, (_, index) => Number((number >> BigInt(8 * index)) & 0xffn)),
  ).toString('hex');

// The points of Edwards25519 whose order divides 8 have these u-coordinates on Curve25519
// (RFC 7748, section 4.1); the point at infinity and the point (0, 0) both behave as u = 0. The
// curve's twist, which X25519 computes on as well, adds u = -1.
const coordinates = new Set([0n, prime - 1n]);
for (const hex of ED25519_TORSION_SUBGROUP) {
  const { y } = ed25519.Point.fromHex(hex).toAffine();
  if (y !== 1n) coordinates.add(Fp.div(Fp.add(1n, y), Fp.sub(1n, y)));
}

const vectors = [];
for (const u of [...coordinates].sort((one, other) => (one < other ? -1 : 1))) {
  vectors.push({ comment: `u = ${u}`, publicKey: encode(u) });
  vectors.push({ comment: `u = ${u}, top bit set`, publicKey: encode(u + 2n ** 255n) });
  if (u + prime < 2n ** 255n) {
    vectors.push({ comment: `u = ${u} + p`, publicKey: encode(u + prime) });
    vectors.push({
      comment: `u = ${u} + p, top bit set`,
      publicKey: encode(u + prime + 2n ** 255n),
    });
  }
}

const about =
  'X25519 public keys of small order, on the curve and its twist, in every encoding that RFC 7748 lets stand for them: with any private key the shared secret is all zero. Hex, little-endian. Printed by make-x25519-refused.mjs.';
console.log(JSON.stringify({ about, vectors }, undefined, 2));
