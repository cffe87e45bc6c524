// Measures what a break in the midst of a transfer costs, beyond the bytes that are still missing:
// of a connection that is cut under the library, and of the client's program, killed and run again.
// Each round moves the file once without a break, right before it does so with one, and holds the time
// from the break to the end against that of the same bytes: what else the machine does changes from
// minute to minute. Of all rounds, the median counts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { connect } from '@e2eeftp/client';
import { parseIdentity } from '@e2eeftp/crypto';
import { connectTcp, TransportError } from '@e2eeftp/transport';

import { nodeProgram, startServer } from './library/programs.mjs';
import { digest, makeFile } from './works/source-file.mjs';
import { withWorkFolder } from './work-folder.mjs';

const main = fileURLToPath(new URL('../../apps/client/dist/main.js', import.meta.url));
const contender = nodeProgram('e2eeftp', new URL('library/e2eeftp.mjs', import.meta.url));

const { values } = parseArgs({
  options: {
    /** MiB. */
    size: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '3' },
    /** Where the files are; by default in memory. */
    directory: { type: 'string' },
  },
});
const size = Number(values.size) * 2 ** 20;
const rounds = Number(values.rounds);

const figures = await withWorkFolder(values.directory, size, run);
process.stdout.write(`${JSON.stringify({ size, rounds, ...figures })}\n`);

async function run(directory) {
  const at = (name) => join(directory, name);
  await mkdir(at('server'));
  await mkdir(at('home'));
  const source = await makeFile(at('source'), size);
  const server = await startServer(contender, ['serve', at('server')]);
  const place = { ...server, data: at('server'), home: at('home') };
  try {
    await copyFile(join(place.data, 'bench_client.key'), join(place.home, 'client_id.key'));
    const key = join(place.data, 'known_server.pub');
    await program(place, ['init', `127.0.0.1:${place.port}`, '--server-key', key]).ended;
    // Only a file that did not change a moment ago is gone on with.
    await delay(1100);
    // Whatever is measured replaces an older file, which takes its time, too.
    await program(place, ['send', source.path, 'plain:stored']).ended;
    await program(place, ['get', 'plain:stored', at('back')]).ended;
    return {
      library: {
        up: await medians(() =>
          cutLibrary(place, (client, onProgress) =>
            client.send(source.path, 'received/stored', { onProgress }),
          ),
        ),
        down: await medians(() =>
          cutLibrary(place, (client, onProgress) =>
            client.get('received/stored', at('back'), { onProgress }),
          ),
        ),
      },
      program: {
        up: await medians(() =>
          killProgram(place, ['send', source.path, 'plain:stored'], place.data),
        ),
        down: await medians(() =>
          killProgram(place, ['get', 'plain:stored', at('back')], directory),
        ),
      },
      isSame: (await digest(at('back'))) === source.digest,
    };
  } finally {
    await server.stop();
  }
}

/** The median of each figure, and how far the cost of the break lies from it. */
async function medians(measure) {
  const found = [];
  for (let round = 0; round < rounds; round++) found.push(await measure());
  const sorted = (name) => found.map((figures) => figures[name]).sort((a, b) => a - b);
  const names = Object.keys(found[0]);
  const middle = Math.floor(rounds / 2);
  return {
    ...Object.fromEntries(names.map((name) => [name, sorted(name)[middle]])),
    beyondMissingOfAll: sorted('beyondMissing'),
  };
}

/** Moves the file once as it is, and once with a cut in its middle. */
async function cutLibrary({ data, port }, move) {
  const identity = parseIdentity(await readFile(join(data, 'bench_client.key'), 'utf8'));
  const key = await readFile(join(data, 'bench_server.pub'), 'utf8');
  let transport;
  let opened = 0;
  const client = await connect({
    identity,
    server: Buffer.from(key, 'base64'),
    connections: 1,
    openTransport: async (signal) => {
      opened += 1;
      transport = await connectTcp({ host: '127.0.0.1', port, timeout: 10_000, signal });
      return transport;
    },
  });
  try {
    const start = performance.now();
    let half;
    await move(client, ({ transferred }) => {
      if (transferred >= size / 2) half ??= { at: performance.now(), transferred };
    });
    const whole = { seconds: secondsSince(start), secondHalf: secondsSince(half.at) };
    let cut;
    let resumed;
    let lastAt;
    await move(client, ({ transferred }) => {
      lastAt = performance.now();
      if (cut === undefined && transferred >= half.transferred) {
        cut = { at: lastAt, transferred };
        transport.destroy(new TransportError('reset', 'cut'));
      } else if (opened > 1) {
        resumed ??= { at: lastAt, transferred };
      }
    });
    return {
      wholeSeconds: whole.seconds,
      untilMoving: (resumed.at - cut.at) / 1000,
      movedAgain: cut.transferred - resumed.transferred,
      afterLast: secondsSince(lastAt),
      beyondMissing: secondsSince(cut.at) - whole.secondHalf,
    };
  } finally {
    await client.close();
  }
}

/**
 * Runs the program once as it is; then it is killed in its middle, and run again. That it has to be
 * started again is a part of what the break costs.
 */
async function killProgram(place, args, growing) {
  const pingAt = performance.now();
  await program(place, ['ping']).ended;
  const startSeconds = secondsSince(pingAt);
  const wholeAt = performance.now();
  const whole = program(place, args);
  await halfOf(whole, growing);
  const halfAt = performance.now();
  await whole.ended;
  const [wholeSeconds, secondHalf] = [secondsSince(wholeAt), secondsSince(halfAt)];
  const broken = program(place, args);
  await halfOf(broken, growing);
  broken.child.kill('SIGKILL');
  await broken.ended.catch(() => undefined);
  const again = performance.now();
  await program(place, args).ended;
  return { startSeconds, wholeSeconds, beyondMissing: secondsSince(again) - secondHalf };
}

/** Waits until a program has written half of the file. */
async function halfOf({ child }, directory) {
  while (child.exitCode === null && (await largestIn(directory)) < size / 2) await delay(5);
}

function program({ home }, args) {
  const child = spawn(process.execPath, [main, '--quiet', ...args], {
    env: { ...process.env, E2EEFTP_HOME: home },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`e2eeftp ${args[0]} ended with ${code}`);
  });
  return { child, ended };
}

/** Bytes of the largest file that is being written: a part, or an upload at the server. */
async function largestIn(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => {
    const isUpload = entry.parentPath.includes('.e2eeftp');
    return entry.isFile() && (isUpload || entry.name.endsWith('.part'));
  });
  const sizes = files.map(({ parentPath, name }) =>
    stat(join(parentPath, name)).then(
      (stats) => stats.size,
      () => 0,
    ),
  );
  return Math.max(0, ...(await Promise.all(sizes)));
}

function secondsSince(start) {
  return (performance.now() - start) / 1000;
}
