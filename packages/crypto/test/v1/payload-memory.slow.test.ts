import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { expect, test } from '@jest/globals';

import { V1PayloadOpener, V1PayloadSealer } from '../../src/index.js';
import { backends } from '../support/backends.js';
import { vectorKeys } from './support/vectors.js';

const mebibyte = 2 ** 20;
const chunkLength = 64 * 1024;
const fileLength = 256 * mebibyte;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What cannot be freed: the heap, and the memory of buffers. */
function heldMemory(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test.each(backends)(
  'a file of 256 MiB goes through sealer and opener, which keep nothing of it, on %s',
  (_name, backend) => {
    const sealer = new V1PayloadSealer({
      backend,
      keys: vectorKeys(),
      plaintextLength: fileLength,
    });
    const { payloadLength } = sealer;
    const opener = new V1PayloadOpener({ backend, keys: vectorKeys(), payloadLength });
    const [before, after] = [createHash('sha256'), createHash('sha256')];
    // The one buffer that a file is read into, and the one that a socket reads into.
    const fileBuffer = Buffer.alloc(chunkLength);
    const socketBuffer = Buffer.alloc(chunkLength + 64);
    let [sent, given] = [0, 0];
    const carry = (part: Uint8Array): void => {
      sent += part.length;
      socketBuffer.set(part);
      const plaintext = opener.update(socketBuffer.subarray(0, part.length));
      given += plaintext.length;
      after.update(plaintext);
    };

    const held: number[] = [];
    for (let fed = 0; fed < fileLength; fed += chunkLength) {
      fileBuffer.fill(fed / chunkLength);
      fileBuffer.writeUInt32BE(fed / chunkLength);
      before.update(fileBuffer);
      for (const part of sealer.update(fileBuffer)) carry(part);
      // The sealer waits for the rest of a block. The opener has the IV, a block and the tag.
      expect(fed + chunkLength + 16 - sent).toBeLessThan(16);
      expect(sent - given).toBeLessThanOrEqual(16 + 16 + 32);
      if (fed % (32 * mebibyte) === 0) held.push(heldMemory());
    }
    for (const part of sealer.final()) carry(part);
    const last = opener.final();
    after.update(last);

    expect(sent).toBe(payloadLength);
    expect(given + last.length).toBe(fileLength);
    expect(after.digest('hex')).toBe(before.digest('hex'));
    expect(held).toHaveLength(8);
    const [first = 0, ...others] = held;
    for (const now of others) expect(now - first).toBeLessThan(2 * mebibyte);
  },
  600_000,
);
