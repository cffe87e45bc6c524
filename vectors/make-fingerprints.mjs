// Prints fingerprints.json: base32 of SHA-256("e2eeftp fingerprint" ‖ identity), 20 characters.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const { server, client, stranger } = JSON.parse(
  readFileSync(new URL('v1.json', import.meta.url), 'utf8'),
);

function fingerprint(identity) {
  const digest = createHash('sha256').update('e2eeftp fingerprint').update(identity).digest();
  const bits = [...digest].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const characters = bits.match(/.{5}/g).map((group) => alphabet[Number.parseInt(group, 2)]);
  return characters.slice(0, 20).join('').match(/.{5}/g).join('-');
}

const vectors = [
  server.identity_public,
  client.identity_public,
  stranger.identity_public,
  '00'.repeat(32),
  'ff'.repeat(32),
].map((identity) => ({ identity, fingerprint: fingerprint(Buffer.from(identity, 'hex')) }));

const about =
  'Fingerprints of identities, those of v1.json first. "identity" is hex. Printed by make-fingerprints.mjs.';
console.log(JSON.stringify({ about, vectors }, undefined, 2));
