// The measurements: contents are compared before a time counts.
import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { startServer, transfer } from './programs.mjs';

const mebibyte = 2 ** 20;

/** In the order in which they take turns; the first is what the others are held against. */
export const contenders = ['plain-copy', 'tuned-copy', 'e2eeftp'];

/** Memory is compared between a file and one that is about ten times smaller. */
const smaller = 10.24;

/**
 * Sends and gets a file with each contender in turn, and the smaller file once with e2eeftp.
 *
 * @returns times and use of each transfer by contender, and e2eeftp's peak memory for both files
 */
export async function measure({ directory, size, rounds }) {
  const source = await makeFile(join(directory, 'source'), size);
  const transfers = Object.fromEntries(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      transfers[contender].push(await sendAndGet(directory, contender, source));
    }
  }
  const smallSource = await makeFile(join(directory, 'small-source'), Math.round(size / smaller));
  const small = await sendAndGet(directory, 'e2eeftp', smallSource);
  return { transfers, small, smallSize: smallSource.size };
}

/** One transfer in each direction through fresh processes. */
async function sendAndGet(directory, contender, source) {
  const data = join(directory, contender);
  const received = join(directory, 'received-back');
  await mkdir(data);
  const server = await startServer(contender, data);
  let used;
  try {
    const up = await transfer(server, 'send', source.path);
    const down = await transfer(server, 'get', received);
    if ((await digest(received)) !== source.digest)
      throw new Error(`${contender} altered the file`);
    used = { up, down };
  } finally {
    used = { ...used, server: await server.stop() };
    await rm(data, { recursive: true });
    await rm(received, { force: true });
  }
  return used;
}

async function makeFile(path, size) {
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

async function digest(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: mebibyte }), hash);
  return hash.digest('hex');
}
