// The people in vault.json: keys, sealing identities and cards, from fixed seeds.
import { createHash, hkdfSync } from 'node:crypto';

import { encodeCbor } from './cbor.mjs';
import { ed25519, ED25519_TORSION_SUBGROUP } from './noble.mjs';
import { bech32, identityToRecipient } from './vault-libraries.mjs';

const { Point } = ed25519;

export const hex = (bytes) => Buffer.from(bytes).toString('hex');
export const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
export const fixed = (label, length) =>
  sha256(`e2eeftp vault vectors/${label}`).subarray(0, length);
export const hkdf = (ikm, salt, info, length) =>
  Buffer.from(hkdfSync('sha256', ikm, salt, info, length));
export const labelled = (label, ...parts) =>
  Buffer.concat([Buffer.from(`${label}\0`), ...parts.map((part) => Buffer.from(part))]);

async function person(name) {
  const seed = fixed(`person ${name}`, 32);
  const sealingSeed = hkdf(seed, '', 'e2eeftp sealing identity v1', 32);
  const ageIdentity = bech32.encodeFromBytes('age-secret-key-pq-', sealingSeed).toUpperCase();
  const ageRecipient = await identityToRecipient(ageIdentity);
  const recipient = bech32.fromWords(bech32.decode(ageRecipient, false).words);
  const identity = ed25519.getPublicKey(seed);
  const signature = ed25519.sign(labelled('e2eeftp card v1', recipient, Buffer.from(name)), seed);
  const card = { identity, recipient, name, signature };
  return { name, seed, identity, ageIdentity, ageRecipient, card };
}

export const alice = await person('alice');
export const bob = await person('bob');
export const carol = await person('carol');

/** A signature with a torsion component in R: right only when multiplied by the cofactor. */
export function laxSignature({ seed, identity }, message) {
  const { scalar } = ed25519.utils.getExtendedPublicKey(seed);
  const littleEndian = (bytes) => BigInt(`0x${hex(Uint8Array.from(bytes).reverse())}`);
  const r = littleEndian(fixed('lax', 32)) % Point.Fn.ORDER;
  const torsion = Point.fromHex(ED25519_TORSION_SUBGROUP[1]);
  const commitment = Point.BASE.multiply(r).add(torsion).toBytes();
  const digest = createHash('sha512').update(commitment).update(identity).update(message).digest();
  const s = (r + (littleEndian(digest) % Point.Fn.ORDER) * scalar) % Point.Fn.ORDER;
  const bytes = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
  const signature = new Uint8Array([...commitment, ...bytes]);
  if (!ed25519.verify(signature, message, identity, { zip215: true })) {
    throw new Error('a lax verifier must take this signature');
  }
  return signature;
}

export function laxCard({ card, ...owner }) {
  const signed = labelled('e2eeftp card v1', card.recipient, Buffer.from(card.name));
  return encodeCbor({ ...card, signature: laxSignature(owner, signed) });
}
