// A Python peer, which works as the original did, and e2eeftp, each with each.
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { newIdentity } from '@e2eeftp/original-peer';

import { nodeProgram, startServer, transfer } from '../library/programs.mjs';
import { digest, makeFile } from '../works/source-file.mjs';

const python = 'python3';
const programs = {
  python: {
    name: 'peer.py',
    command: [python, fileURLToPath(new URL('peer.py', import.meta.url))],
  },
  e2eeftp: nodeProgram('e2eeftp', new URL('e2eeftp.mjs', import.meta.url)),
};

/** Client, then server, in the order in which they take turns; the others are held against the first. */
export const pairs = {
  'python-python': ['python', 'python'],
  'e2eeftp-e2eeftp': ['e2eeftp', 'e2eeftp'],
  'python-e2eeftp': ['python', 'e2eeftp'],
  'e2eeftp-python': ['e2eeftp', 'python'],
};

const fileName = 'source';

/**
 * Sends and gets a file with each pair in turn.
 *
 * @param {string[]} names which pairs
 * @returns what was measured by pair, and why nothing was measured for the others
 */
export async function measurePairs({ directory, size, rounds, names }) {
  const reason = whyNoPython();
  const isMissing = (name) => reason !== undefined && pairs[name].includes('python');
  const missing = Object.fromEntries(names.filter(isMissing).map((name) => [name, reason]));
  const measured = names.filter((name) => !isMissing(name));

  const source = await makeFile(join(directory, fileName), size);
  const transfers = Object.fromEntries(measured.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of measured) {
      transfers[name].push(await sendAndGet(join(directory, name), pairs[name], source));
    }
  }
  return { transfers, missing };
}

/** What keeps the Python peer from running on this machine, if anything does. */
function whyNoPython() {
  const { error, status } = spawnSync(python, ['-c', 'import cryptography'], { stdio: 'ignore' });
  if (error !== undefined) return `${python} is not installed`;
  return status === 0 ? undefined : `${python} has no package named cryptography`;
}

/** One transfer in each direction through fresh processes, in a folder that is removed. */
async function sendAndGet(directory, [client, server], source) {
  const data = join(directory, 'server');
  const folder = join(directory, 'client');
  const identity = newIdentity();
  try {
    await mkdir(data, { recursive: true });
    await mkdir(folder);
    await writeFile(join(folder, 'client_id.key'), identity.privatePem, { mode: 0o600 });
    await writeFile(join(data, 'authorized_clients.pub'), `${identity.publicBase64}\n`);
    const running = await startServer(programs[server], ['serve', data, '0']);
    let used;
    try {
      await copyFile(join(data, 'known_server.pub'), join(folder, 'known_server.pub'));
      const address = ['--server', `127.0.0.1:${running.port}`];
      const up = await transfer(programs[client], ['send', source.path, ...address], folder);
      await compare(join(data, 'received', fileName), source);
      const down = await transfer(programs[client], ['get', fileName, ...address], folder);
      await compare(join(folder, `downloaded_${fileName}`), source);
      used = { up, down };
    } finally {
      used = { ...used, server: await running.stop() };
    }
    return used;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function compare(path, source) {
  if ((await digest(path)) !== source.digest) throw new Error(`${path} differs from what was sent`);
}
