// Prints ed25519-edge-cases.json: signatures on which Ed25519 implementations disagree.
//
// Every case is made so that it fails at one check only: without that check, or with the other
// verification equation (the one multiplied by the cofactor), it would be valid.
import { createHash } from 'node:crypto';

import { ed25519, ED25519_TORSION_SUBGROUP } from './noble.mjs';

const { Point } = ed25519;
const order = Point.Fn.ORDER;
const prime = Point.Fp.ORDER;
const torsion = ED25519_TORSION_SUBGROUP.map((hex) => Point.fromHex(hex));
const eighth = torsion[1];

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const littleEndian = (bytes) => BigInt(`0x${hex(Uint8Array.from(bytes).reverse()) || '0'}`);
const encode = (number) =>
  Uint8Array.from({ length: 32 }, (_, index) => Number((number >> BigInt(8 * index)) & 0xffn));

const sha512 = (...parts) => {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const scalar = (label) => littleEndian(sha512(`e2eeftp edge case/${label}`)) % order;
const challenge = (commitment, key, message) =>
  littleEndian(sha512(commitment, key, message)) % order;
const multiply = (point, factor) => (factor === 0n ? Point.ZERO : point.multiplyUnsafe(factor));

/** The encoding of a point with small y that is not reduced, or with a sign where x is zero. */
const misspelt = (y, sign) => encode(y + (sign ? 2n ** 255n : 0n));

const cases = [];

/** Searches a message under which the points satisfy the equation without cofactor. */
function messageFor(label, isRight) {
  for (let attempt = 0; ; attempt++) {
    const message = Buffer.from(`${label}, attempt ${attempt}`);
    if (isRight(message)) return message;
  }
}

function add(comment, layer, publicKey, message, commitment, s) {
  cases.push({
    comment,
    layer,
    publicKey: hex(publicKey),
    message: hex(message),
    signature: hex(commitment) + hex(encode(s)),
    valid: layer === 'none',
  });
}

/** A signature by nobody: s·B = R holds since the challenge wipes the small-order key out. */
function addForgery(comment, layer, publicKey, point) {
  const s = scalar(comment);
  const commitment = multiply(Point.BASE, s).toBytes();
  const message = messageFor(comment, (candidate) =>
    multiply(point, challenge(commitment, publicKey, candidate)).equals(Point.ZERO),
  );
  add(comment, layer, publicKey, message, commitment, s);
}

for (const [index, point] of torsion.entries()) {
  addForgery(
    `public key of small order, ${index}`,
    'public key of small order',
    point.toBytes(),
    point,
  );
}
const origin = torsion.find((point) => point.toAffine().y === 0n && point.toAffine().x % 2n === 0n);
const minusOne = torsion.find((point) => point.toAffine().y === prime - 1n);
for (const [name, y, sign, point] of [
  ['y = p, for 0', prime, false, origin],
  ['y = p, for 0, with the sign bit', prime, true, origin.negate()],
  ['y = p + 1, for 1', prime + 1n, false, Point.ZERO],
  ['y = p + 1, for 1, with the sign bit', prime + 1n, true, Point.ZERO],
  ['y = 1 with the sign bit of a zero', 1n, true, Point.ZERO],
  ['y = -1 with the sign bit of a zero', prime - 1n, true, minusOne],
]) {
  addForgery(
    `public key that is not canonical, ${name}`,
    'public key not canonical',
    misspelt(y, sign),
    point,
  );
}

// An honest key pair for what is wrong with the signature alone.
const a = scalar('secret');
const A = multiply(Point.BASE, a);
const key = A.toBytes();

function sign(comment, commitment, r) {
  const message = Buffer.from(comment);
  return { message, s: (r + challenge(commitment, key, message) * a) % order };
}

{
  const r = scalar('r');
  const commitment = multiply(Point.BASE, r).toBytes();
  const { message, s } = sign('an ordinary signature', commitment, r);
  add('an ordinary signature', 'none', key, message, commitment, s);
  for (const times of [1n, 2n, 7n, 15n]) {
    if (s + times * order < 2n ** 256n) {
      add(`s + ${times}·L`, 's not reduced', key, message, commitment, s + times * order);
    }
  }
  add('the s of another message', 'equation', key, Buffer.from('another message'), commitment, s);
}

// R with a torsion component, over the honest key: right only after multiplying by the cofactor.
for (const [index, point] of torsion.entries()) {
  if (index === 0) continue;
  const r = scalar(`mixed R ${index}`);
  const commitment = multiply(Point.BASE, r).add(point).toBytes();
  const comment = `R of mixed order, ${index}`;
  const { message, s } = sign(comment, commitment, r);
  add(comment, 'equation without cofactor', key, message, commitment, s);
}

// A public key with a torsion component: its owner can make signatures of both kinds.
{
  const mixed = A.add(eighth).toBytes();
  const r = scalar('mixed A');
  const commitment = multiply(Point.BASE, r).toBytes();
  const isDivisible = (candidate) => challenge(commitment, mixed, candidate) % 8n === 0n;
  const s = (message) => (r + challenge(commitment, mixed, message) * a) % order;
  const odd = messageFor('public key of mixed order', (candidate) => !isDivisible(candidate));
  add('public key of mixed order', 'equation without cofactor', mixed, odd, commitment, s(odd));
  const even = messageFor('public key of mixed order, challenge divisible by 8', isDivisible);
  add(
    'public key of mixed order, challenge divisible by 8',
    'none',
    mixed,
    even,
    commitment,
    s(even),
  );

  const both = multiply(Point.BASE, r).add(eighth).toBytes();
  const message = messageFor(
    'key and R of mixed order that cancel',
    (candidate) => challenge(both, mixed, candidate) % 8n === 7n,
  );
  const cancelling = (r + challenge(both, mixed, message) * a) % order;
  add('key and R of mixed order that cancel', 'none', mixed, message, both, cancelling);

  // The owner of such a key can also let R be of small order and cancel with it.
  for (const [index, point] of torsion.entries()) {
    const small = point.toBytes();
    const comment = `R of small order that cancels with the key, ${index}`;
    const matching = messageFor(comment, (candidate) =>
      multiply(eighth, challenge(small, mixed, candidate) % 8n)
        .add(point)
        .equals(Point.ZERO),
    );
    const product = (challenge(small, mixed, matching) * a) % order;
    add(comment, 'R of small order', mixed, matching, small, product);
  }
}

// R is the neutral element, spelt in the one right way and in two others. Some versions of OpenSSL
// take the first.
{
  const canonical = Point.ZERO.toBytes();
  const signed = sign('R is the neutral element', canonical, 0n);
  add('R is the neutral element', 'R of small order', key, signed.message, canonical, signed.s);
  for (const [comment, commitment] of [
    ['R is the neutral element, with y = p + 1', misspelt(prime + 1n, false)],
    ['R is the neutral element, with the sign bit of a zero', misspelt(1n, true)],
  ]) {
    const { message, s } = sign(comment, commitment, 0n);
    add(comment, 'R not canonical', key, message, commitment, s);
  }
}

// What is no point at all.
{
  let y = 2n;
  const isPoint = (candidate) => {
    try {
      Point.fromBytes(encode(candidate));
      return true;
    } catch {
      return false;
    }
  };
  while (isPoint(y)) y += 1n;
  const r = scalar('no point');
  const commitment = multiply(Point.BASE, r).toBytes();
  add(
    'public key that is not on the curve',
    'public key not on the curve',
    encode(y),
    Buffer.from('x'),
    commitment,
    r,
  );
  const { message, s } = sign('R that is not on the curve', encode(y), 0n);
  add('R that is not on the curve', 'equation', key, message, encode(y), s);
}

const about =
  'Ed25519 signatures on which implementations disagree. "layer" names the check that must refuse the signature, or "none" where it is valid: verification without cofactor, canonical encodings only, neither a public key nor an R of small order. Hex. Printed by make-ed25519-edge-cases.mjs.';
console.log(JSON.stringify({ about, vectors: cases }, undefined, 2));
