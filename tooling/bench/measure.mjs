// The measurements: contents are compared before a time counts.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { nodeProgram, startServer, transfer } from './programs.mjs';
import { digest, makeFile } from './source-file.mjs';

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
  const program = nodeProgram(contender, new URL(`contenders/${contender}.mjs`, import.meta.url));
  const server = await startServer(program, ['serve', data]);
  const place = [String(server.port), data];
  let used;
  try {
    const up = await transfer(program, ['send', source.path, ...place]);
    const down = await transfer(program, ['get', received, ...place]);
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
