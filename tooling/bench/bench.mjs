// Measures e2eeftp against a plain copy in one run, in turn, so that a machine whose speed drifts
// drifts for both.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { randomFillSync } from 'node:crypto';

import { startServer, transfer } from './programs.mjs';

const mebibyte = 2 ** 20;
const contenders = ['plain-copy', 'e2eeftp'];

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    size: { type: 'string' },
    rounds: { type: 'string' },
    directory: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const size = Number(values.size ?? (values.quick ? 32 : 1024)) * mebibyte;
const smallSize = Math.round(size / 10.24);
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));

const base = values.directory ?? (await memoryFolder(3 * size)) ?? tmpdir();
const directory = await mkdtemp(join(base, 'e2eeftp-bench-'));
try {
  await main();
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function main() {
  const source = join(directory, 'source');
  const smallSource = join(directory, 'small-source');
  await makeFile(source, size);
  await makeFile(smallSource, smallSize);
  const expected = await digest(source);
  const times = { up: {}, down: {} };
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const { up, down } = await measureOnce(contender, source, expected);
      (times.up[contender] ??= []).push(up);
      (times.down[contender] ??= []).push(down);
    }
  }
  const memory = await measureMemory(smallSource, source, expected);
  report({ times, memory });
}

/** One transfer in each direction through fresh processes; contents are compared before it counts. */
async function measureOnce(contender, source, expected) {
  const data = join(directory, contender);
  const received = join(directory, 'received-back');
  await mkdir(data);
  const server = await startServer(contender, data);
  try {
    const up = await transfer(server, 'send', source);
    const down = await transfer(server, 'get', received);
    if ((await digest(received)) !== expected) throw new Error(`${contender} altered the file`);
    return { up, down };
  } finally {
    const used = await server.stop();
    lastServerUse = used;
    await rm(data, { recursive: true });
    await rm(received, { force: true });
  }
}

var lastServerUse;

/** Peak memory of both sides for a file and for one ten times as large. */
async function measureMemory(smallSource, source, expected) {
  const small = await measureOnce('e2eeftp', smallSource, await digest(smallSource));
  const smallServer = lastServerUse;
  const large = await measureOnce('e2eeftp', source, expected);
  return {
    'client, up': [small.up.peakMemory, large.up.peakMemory],
    'client, down': [small.down.peakMemory, large.down.peakMemory],
    server: [smallServer.peakMemory, lastServerUse.peakMemory],
  };
}

function report({ times, memory }) {
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ size, rounds, times, memory })}\n`);
    return;
  }
  const print = (line) => process.stdout.write(`${line}\n`);
  print(
    `${size / mebibyte} MiB, ${rounds} rounds, in ${base}; MB/s as median (minimum to maximum)`,
  );
  for (const direction of ['up', 'down']) {
    const speeds = {};
    for (const contender of contenders) {
      speeds[contender] = times[direction][contender].map(({ seconds }) => size / 1e6 / seconds);
      print(`${direction.padEnd(5)} ${contender.padEnd(11)} ${spread(speeds[contender], 0)}`);
    }
    const ratios = speeds.e2eeftp.map((speed, round) => speed / speeds['plain-copy'][round]);
    print(`${direction.padEnd(5)} ratio       ${spread(ratios, 2)}`);
  }
  for (const [side, [small, large]] of Object.entries(memory)) {
    const [a, b] = [small, large].map((bytes) => Math.round(bytes / mebibyte));
    const sizes = [smallSize, size].map((bytes) => Math.round(bytes / mebibyte));
    print(
      `peak memory, ${side.padEnd(13)} ${a} MiB for ${sizes[0]} MiB, ${b} MiB for ${sizes[1]} MiB`,
    );
  }
}

function spread(numbers, digits) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const [low, high] = [sorted[0], sorted.at(-1)];
  return `${median.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

/** A folder in memory with enough room: there the programs are measured, not the disk. */
async function memoryFolder(bytes) {
  try {
    await access('/dev/shm');
    const { bavail, bsize } = await statfs('/dev/shm');
    return bavail * bsize > bytes ? '/dev/shm' : undefined;
  } catch {
    return undefined;
  }
}

async function makeFile(path, length) {
  const file = await open(path, 'wx');
  const block = randomFillSync(Buffer.alloc(mebibyte));
  try {
    for (let written = 0; written < length; written += block.length) {
      block.writeUInt32LE(written / mebibyte);
      await file.write(block, 0, Math.min(block.length, length - written));
    }
  } finally {
    await file.close();
  }
}

async function digest(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: mebibyte }), hash);
  return hash.digest('hex');
}
