import { createHash, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

import {
  derive,
  handshakeHello,
  openPayload,
  parseHello,
  payloadLength,
  sealPayload,
} from '../index.mjs';

const vectors = JSON.parse(
  readFileSync(new URL('../../../vectors/v1.json', import.meta.url), 'utf8'),
);
const { client, server, stranger } = vectors;
const keys = {
  encryption: hex(vectors.encryption_key),
  authentication: hex(vectors.authentication_key),
};

function hex(text) {
  return Buffer.from(text, 'hex');
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

function x25519(raw) {
  const key = Buffer.concat([hex('302e020100300506032b656e04220420'), hex(raw)]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

function plaintextOf({ plaintext, plaintext_length: length }) {
  if (plaintext !== undefined) return hex(plaintext);
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
    createHash('sha256').update(`e2eeftp v1 vectors/plaintext/${length}/${i}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

describe('handshake', () => {
  test.each([
    ['client', client],
    ['server', server],
    ['stranger', stranger],
  ])('the hello of the %s has its bytes', (_who, one) => {
    const { bytes } = handshakeHello(one.identity_private_pem, x25519(one.ephemeral_private));
    expect(bytes.toString('hex')).toBe(one.handshake_message);
  });

  test.each([
    ['client', client, server],
    ['server', server, client],
  ])('the %s derives the keys', (_who, own, peer) => {
    const { ephemeral, identity } = parseHello(hex(peer.handshake_message));
    expect(identity.toString('base64')).toBe(peer.identity_public_base64);
    expect(derive(x25519(own.ephemeral_private), ephemeral)).toEqual(keys);
  });

  test('an ephemeral key that leads to no secret is refused', () => {
    const { ephemeral } = parseHello(hex(vectors.rejected_client_hellos.all_zero_ephemeral_signed));
    expect(() => derive(x25519(server.ephemeral_private), ephemeral)).toThrow(
      expect.objectContaining({ code: 'bad-hello' }),
    );
  });

  test.each(['length_says_4_GiB', 'length_says_zero'])('%s is no hello', (name) => {
    const bytes = Buffer.concat([hex(vectors.rejected_client_hellos[name]), Buffer.alloc(128)]);
    expect(() => parseHello(bytes)).toThrow(expect.objectContaining({ code: 'bad-hello' }));
  });
});

describe('payload', () => {
  test('there are vectors', () => {
    expect(vectors.payloads.length).toBeGreaterThan(0);
    expect(Object.keys(vectors.rejected_payloads).length).toBeGreaterThan(0);
  });

  test.each(vectors.payloads.map((vector) => [vector.plaintext_length, vector]))(
    'a file of %d bytes',
    (length, vector) => {
      const file = plaintextOf(vector);
      expect(sha256(file)).toBe(vector.plaintext_sha256);
      const payload = sealPayload(keys, file, hex(vector.iv));
      expect(sha256(payload)).toBe(vector.payload_sha256);
      expect(payload).toHaveLength(payloadLength(length));
      expect(payload).toHaveLength(vector.payload_length);
      expect(openPayload(keys, payload)).toEqual(file);
    },
  );

  test.each(Object.entries(vectors.rejected_payloads))('%s is refused', (_what, payload) => {
    expect(() => openPayload(keys, hex(payload))).toThrow(
      expect.objectContaining({ code: 'bad-payload' }),
    );
  });

  test('two payloads of one file differ', () => {
    const file = Buffer.from('the same');
    expect(sealPayload(keys, file)).not.toEqual(sealPayload(keys, file));
  });
});
