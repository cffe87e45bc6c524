// The files that are sent, and what tells them from others.
import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

const mebibyte = 2 ** 20;

/** Makes a file in which no two blocks are alike. */
export async function makeFile(path, size) {
  const file = await open(path, 'wx');
  const block = randomFillSync(Buffer.alloc(mebibyte));
  try {
    for (let written = 0; written < size; written += block.length) {
      block.writeUInt32LE(written / mebibyte);
      await file.write(block, 0, Math.min(block.length, size - written));
    }
  } finally {
    await file.close();
  }
  return { path, size, digest: await digest(path) };
}

/** The SHA-256 of a file's contents. */
export async function digest(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: mebibyte }), hash);
  return hash.digest('hex');
}
