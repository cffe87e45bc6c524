import { createCipheriv, timingSafeEqual, type Cipher } from 'node:crypto';

import type { AesSivKey } from '../../backend.js';
import { equalBytes } from '../../bytes.js';
import { CryptoError } from '../../errors.js';
import { expectSivKey } from '../../lengths.js';

const block = 16;
const zeroBlock = new Uint8Array(block);

/**
 * AES-SIV (RFC 5297) from OpenSSL's AES: `node:crypto` has the block cipher, and not the mode. Messages
 * are short, so what counts is that both key schedules are made once.
 *
 * @param key - 32, 48 or 64 bytes
 * @returns the key, ready to be used
 */
export function aesSiv(key: Uint8Array): AesSivKey {
  expectSivKey(key);
  const half = key.length / 2;
  const mac = new Cmac(key.subarray(0, half));
  const encrypt = blockCipher(key.subarray(half));
  const ofNothing = mac.of(zeroBlock);
  /** What the associated data came to last: many messages share them, as the names in a folder do. */
  let last = { associatedData: [] as readonly Uint8Array[], d: ofNothing };

  function macOfAll(associatedData: readonly Uint8Array[]): Uint8Array {
    if (areEqual(last.associatedData, associatedData)) return last.d;
    const d = new Uint8Array(ofNothing);
    for (const data of associatedData) {
      double(d);
      xorInto(d, mac.of(data));
    }
    last = { associatedData: associatedData.map((data) => new Uint8Array(data)), d };
    return d;
  }

  function syntheticIv(associatedData: readonly Uint8Array[], plaintext: Uint8Array): Uint8Array {
    const d = new Uint8Array(macOfAll(associatedData));
    if (plaintext.length >= block) {
      const last = new Uint8Array(plaintext);
      xorInto(last.subarray(last.length - block), d);
      return mac.of(last);
    }
    double(d);
    xorInto(d, padded(plaintext));
    return mac.of(d);
  }

  /** CTR mode, whose first counter is the synthetic IV without two bits (section 2.5). */
  function applyKeystream(iv: Uint8Array, input: Uint8Array): Uint8Array {
    const counters = new Uint8Array(Math.ceil(input.length / block) * block);
    const counter = new Uint8Array(iv);
    counter[8] = (counter[8] as number) & 0x7f;
    counter[12] = (counter[12] as number) & 0x7f;
    for (let start = 0; start < counters.length; start += block) {
      counters.set(counter, start);
      increment(counter);
    }
    const output = encrypt.update(counters).subarray(0, input.length);
    xorInto(output, input);
    return output;
  }

  return {
    seal(associatedData, plaintext) {
      const iv = syntheticIv(associatedData, plaintext);
      const sealed = new Uint8Array(block + plaintext.length);
      sealed.set(iv);
      sealed.set(applyKeystream(iv, plaintext), block);
      return sealed;
    },
    open(associatedData, sealed) {
      if (sealed.length < block) throw mismatch();
      const iv = sealed.subarray(0, block);
      const plaintext = applyKeystream(iv, sealed.subarray(block));
      if (!timingSafeEqual(syntheticIv(associatedData, plaintext), iv)) throw mismatch();
      return new Uint8Array(plaintext);
    },
  };
}

/**
 * CMAC with AES (RFC 4493, and NIST SP 800-38B for longer keys), one call for each message: all of them
 * are parts of one long encryption in CBC mode, in which what one leaves behind is taken out of the
 * beginning of the next.
 */
class Cmac {
  readonly #cipher: Cipher;
  /** What the last block is combined with, when it is whole, and when it was padded. */
  readonly #whole: Uint8Array;
  readonly #short: Uint8Array;
  /** The last block of ciphertext, which CBC mode combines with the next block. */
  #previous: Uint8Array = zeroBlock;

  constructor(key: Uint8Array) {
    const name = `aes-${String(key.length * 8)}-cbc`;
    this.#cipher = createCipheriv(name, key, zeroBlock).setAutoPadding(false);
    this.#whole = this.#chain(new Uint8Array(block));
    double(this.#whole);
    this.#short = new Uint8Array(this.#whole);
    double(this.#short);
  }

  of(message: Uint8Array): Uint8Array {
    const blocks = Math.max(1, Math.ceil(message.length / block));
    const input = new Uint8Array(blocks * block);
    input.set(message);
    const isWhole = message.length === input.length;
    if (!isWhole) input[message.length] = 0x80;
    xorInto(input.subarray(input.length - block), isWhole ? this.#whole : this.#short);
    return this.#chain(input);
  }

  #chain(input: Uint8Array): Uint8Array {
    xorInto(input.subarray(0, block), this.#previous);
    const output = this.#cipher.update(input);
    this.#previous = new Uint8Array(output.subarray(output.length - block));
    return new Uint8Array(this.#previous);
  }
}

function blockCipher(key: Uint8Array): Cipher {
  const name = `aes-${String(key.length * 8)}-ecb`;
  return createCipheriv(name, key, null).setAutoPadding(false);
}

function areEqual(some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return (
    some.length === others.length &&
    some.every((one, index) => equalBytes(one, others[index] ?? zeroBlock))
  );
}

/** Multiplies by x in GF(2^128) (RFC 5297, section 2.3), without a branch on what it holds. */
function double(bytes: Uint8Array): void {
  const carry = (bytes[0] as number) >> 7;
  for (let index = 0; index < block; index++) {
    const next = index + 1 < block ? (bytes[index + 1] as number) >> 7 : 0;
    bytes[index] = ((bytes[index] as number) << 1) | next;
  }
  bytes[block - 1] = (bytes[block - 1] as number) ^ (0x87 & -carry);
}

function xorInto(target: Uint8Array, other: Uint8Array): void {
  for (let index = 0; index < target.length; index++) {
    target[index] = (target[index] as number) ^ (other[index] as number);
  }
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(block);
  whole.set(bytes);
  whole[bytes.length] = 0x80;
  return whole;
}

function increment(counter: Uint8Array): void {
  for (let index = block - 1; index >= 0; index--) {
    const next = ((counter[index] as number) + 1) & 0xff;
    counter[index] = next;
    if (next !== 0) return;
  }
}

function mismatch(): CryptoError {
  return new CryptoError('authentication-failed', 'The synthetic IV does not match');
}
