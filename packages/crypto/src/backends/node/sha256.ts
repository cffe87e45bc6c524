import { createHash, createHmac, hash } from 'node:crypto';

import type { CryptoBackend } from '../../backend.js';

const block = 64;
const digest = 32;
/**
 * Bytes of a message up to which two hashes at one call each cost less than an object that computes
 * the MAC: that is made for every message, and has to be collected as well.
 */
const longest = 1024;

/** What is hashed first, and what is hashed then (RFC 2104, section 2); zeros between calls. */
const inner = new Uint8Array(block + longest);
const outer = new Uint8Array(block + digest);

/** SHA-256 from OpenSSL. */
export const sha256: CryptoBackend['sha256'] = (...parts) => {
  const [only] = parts;
  if (only && parts.length === 1) return bytesOf(hash('sha256', only, 'buffer'));
  const running = createHash('sha256');
  for (const part of parts) running.update(part);
  return bytesOf(running.digest());
};

/** HMAC-SHA-256 from OpenSSL's SHA-256, or its HMAC where the message is long. */
export const hmacSha256: CryptoBackend['hmacSha256'] = (key, ...parts) => {
  const length = parts.reduce((sum, part) => sum + part.length, block);
  if (length > inner.length || key.length > block) {
    const running = createHmac('sha256', key);
    for (const part of parts) running.update(part);
    return bytesOf(running.digest());
  }
  for (let index = 0; index < block; index++) {
    const byte = key[index] ?? 0;
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  let filled = block;
  for (const part of parts) {
    inner.set(part, filled);
    filled += part.length;
  }
  outer.set(hash('sha256', inner.subarray(0, filled), 'buffer'), block);
  const mac = hash('sha256', outer, 'buffer');
  inner.fill(0, 0, filled);
  outer.fill(0);
  return bytesOf(mac);
};

/** Not the Buffer itself, whose `slice` shares memory where a Uint8Array's copies. */
function bytesOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
