// What a newcomer would do by hand: start a server, authorize a client, send, list, get, compare.
import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { Programs } from './programs.mjs';

const mebibyte = 2 ** 20;
const bigSize = 256 * mebibyte;
const smallFiles = 200;

/** The big file three times: made, at the server, and back; and some room. */
const neededSpace = 4 * bigSize;

const directory = await mkdtemp(join(tmpdir(), 'e2eeftp-demo-'));
const programs = new Programs(join(directory, 'client-home'));
let ok = false;
try {
  await demonstrate();
  ok = true;
} catch (error) {
  console.error(`\ndemo: failed: ${error.message}`);
} finally {
  await programs.stopServer();
  await rm(directory, { recursive: true, force: true });
}
if (ok) console.log('\ndemo: ok');
process.exitCode = ok ? 0 : 1;

async function demonstrate() {
  await requireSpace();
  const at = (name) => join(directory, name);
  say('A file of 256 MiB and a folder of small ones, made on the spot');
  await makeBigFile(at('big.bin'));
  await makeFolder(at('notes'));

  say('A server in a temporary folder');
  const address = await programs.startServer(at('server'));

  say('A client’s identity, and the server told to let it in');
  const id = await programs.client(['id']);
  const [line] = id.split('\n');
  await programs.server(['authorize', line, '--name', 'demo', '--data', at('server')]);
  const serverKey = join(at('server'), 'known_server.pub');
  await programs.client(['init', address, '--server-key', serverKey]);

  say('Send');
  const sent = await timed(() => programs.client(['send', at('big.bin'), 'big.bin']));
  await programs.client(['send', at('notes'), 'notes']);

  say('List');
  await programs.client(['ls', '-l']);

  say('Get back, and compare');
  const received = await timed(() => programs.client(['get', 'big.bin', at('big.back')]));
  await programs.client(['get', 'notes', at('notes.back')]);
  await requireSame(at('big.bin'), at('big.back'));
  const names = await readdir(at('notes'), { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  for (const { parentPath, name } of files) {
    const original = join(parentPath, name);
    await requireSame(original, original.replace(at('notes'), at('notes.back')));
  }

  console.log(`  SHA-256 is the same for all ${files.length + 1} files`);
  console.log(
    `  256 MiB up in ${sent.toFixed(2)} s (${speed(sent)}), down in ${received.toFixed(2)} s (${speed(received)}), programs’ start included`,
  );
}

function say(text) {
  console.log(`\n# ${text}`);
}

function speed(seconds) {
  return `${Math.round(bigSize / 1e6 / seconds)} MB/s`;
}

async function timed(action) {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1000;
}

async function requireSpace() {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= neededSpace) return;
  const text = `${directory} has too little space; the demo needs ${neededSpace / mebibyte} MiB`;
  throw new Error(`${text} (set TMPDIR to a folder elsewhere)`);
}

async function makeBigFile(path) {
  const file = await open(path, 'wx');
  const block = Buffer.alloc(mebibyte);
  try {
    for (let written = 0; written < bigSize; written += mebibyte) {
      await file.write(randomFillSync(block));
    }
  } finally {
    await file.close();
  }
}

async function makeFolder(path) {
  for (let index = 0; index < smallFiles; index++) {
    const folder = join(path, `chapter ${(index % 10) + 1}`);
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, `note ${index} – ü 漢字.txt`),
      randomFillSync(Buffer.alloc(index * 37)),
    );
  }
}

async function requireSame(one, other) {
  const [a, b] = await Promise.all([digest(one), digest(other)]);
  if (a !== b) throw new Error(`${other} differs from ${one}`);
  if ((await stat(one)).size !== (await stat(other)).size) throw new Error('sizes differ');
}

async function digest(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: mebibyte }), hash);
  return hash.digest('hex');
}
