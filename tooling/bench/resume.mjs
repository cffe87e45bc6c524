// Measures what a break in the midst of a transfer costs, beyond the bytes that are still missing:
// of a connection that is cut under the library, and of the client's program, killed and run again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { connect } from '@e2eeftp/client';
import { parseIdentity } from '@e2eeftp/crypto';
import { connectTcp, TransportError } from '@e2eeftp/transport';

import { nodeProgram, startServer } from './programs.mjs';
import { digest, makeFile } from './source-file.mjs';
import { withWorkFolder } from './work-folder.mjs';

const main = fileURLToPath(new URL('../../apps/client/dist/main.js', import.meta.url));
const contender = nodeProgram('e2eeftp', new URL('contenders/e2eeftp.mjs', import.meta.url));

const { values } = parseArgs({ options: { size: { type: 'string', default: '1024' } } });
const size = Number(values.size) * 2 ** 20;

const figures = await withWorkFolder(undefined, size, run);
process.stdout.write(`${JSON.stringify({ size, ...figures })}\n`);

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
    return {
      library: {
        up: await cutLibrary(place, (client, onProgress) =>
          client.send(source.path, 'received/stored', { onProgress }),
        ),
        down: await cutLibrary(place, (client, onProgress) =>
          client.get('received/stored', at('back'), { onProgress }),
        ),
      },
      program: {
        up: await killProgram(place, ['send', source.path, 'stored'], place.data),
        down: await killProgram(place, ['get', 'stored', at('back')], directory),
      },
      isSame: (await digest(at('back'))) === source.digest,
    };
  } finally {
    await server.stop();
  }
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
    const whole = await secondsOf(() => move(client, () => undefined));
    let cut;
    let resumed;
    await move(client, ({ transferred }) => {
      if (cut === undefined && transferred >= size / 2) {
        cut = { at: performance.now(), transferred };
        transport.destroy(new TransportError('reset', 'cut'));
      } else if (opened > 1) {
        resumed ??= { at: performance.now(), transferred };
      }
    });
    const rest = (performance.now() - cut.at) / 1000;
    const missing = 1 - cut.transferred / size;
    return {
      wholeSeconds: whole,
      untilMoving: (resumed.at - cut.at) / 1000,
      movedAgain: cut.transferred - resumed.transferred,
      beyondMissing: rest - missing * whole,
    };
  } finally {
    await client.close();
  }
}

/** Runs the program once as it is, and once for almost nothing; then it is killed in its middle, and run again. */
async function killProgram(place, args, growing) {
  const start = await secondsOf(() => program(place, ['ping']).ended);
  const whole = await secondsOf(() => program(place, args).ended);
  if (args[0] === 'get') await rm(args[2]);
  const { child, ended } = program(place, args);
  let kept = 0;
  while (child.exitCode === null && kept < size / 2) {
    await delay(5);
    kept = await largestIn(growing);
  }
  child.kill('SIGKILL');
  await ended.catch(() => undefined);
  const rest = await secondsOf(() => program(place, args).ended);
  const missing = 1 - kept / size;
  return {
    startSeconds: start,
    wholeSeconds: whole,
    beyondMissing: rest - start - missing * (whole - start),
  };
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

async function secondsOf(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
