// Lets contenders do a work in turn; contents are compared before a time counts.
import { mkdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { contenders } from '../contenders/index.mjs';
import { startDelayProxy } from '../link/delay-proxy.mjs';
import { digest, makeFile } from '../works/source-file.mjs';
import { makeTree, treeDigest } from '../works/source-tree.mjs';
import { Runner } from './runner.mjs';
import { Usage } from './usage.mjs';

/**
 * One transfer.
 *
 * @typedef {object} Measured
 * @property {number} seconds from the start of the clients to the end of the last
 * @property {{cpu: number, memory: number}} client seconds of CPU of all, bytes of the largest
 * @property {{cpu: number, memory: number}} server seconds of CPU, bytes
 */

/**
 * Measures one work.
 *
 * @param {import('../works/index.mjs').Work} work which
 * @param {{directory: string, rounds: number, names: string[], tell: (text: string) => void}} options
 *   a folder for everything, who takes part, and who hears how it goes
 * @returns {Promise<{results: Record<string, Record<string, Measured[]>>, missing: Record<string,
 *   string>}>} by contender and direction; and who could not take part, and why
 */
export async function measureWork(work, { directory, rounds, names, tell }) {
  const sources = await makeSources(work, directory);
  const started = { sessions: {}, ends: [] };
  const missing = {};
  const results = {};
  const runner = new Runner();
  try {
    for (const name of names) {
      const reason = contenders[name].missing();
      if (reason) missing[name] = reason;
      else await start(started, name, work, directory);
    }
    for (let round = 0; round < rounds; round++) {
      for (const [name, session] of Object.entries(started.sessions)) {
        tell(`${work.title}: round ${round + 1} of ${rounds}, ${name}`);
        const measured = await measureOnce(session, sources, { runner, work, directory, name });
        for (const [direction, figures] of Object.entries(measured)) {
          ((results[name] ??= {})[direction] ??= []).push(figures);
        }
      }
    }
  } finally {
    for (const end of started.ends.reverse()) await end();
    runner.stop();
  }
  return { results, missing };
}

async function start({ sessions, ends }, name, { delay }, directory) {
  const link = async (port) => {
    const proxy = await startDelayProxy(port, delay);
    ends.push(proxy.stop);
    return proxy;
  };
  const folder = join(directory, name.replaceAll(' ', '-'));
  const session = await contenders[name].start(folder, delay === undefined ? {} : { link });
  ends.push(session.stop);
  sessions[name] = session;
}

/** One for each client. */
async function makeSources({ source, atOnce = 1 }, directory) {
  const sources = [];
  for (let number = 0; number < atOnce; number++) {
    const path = join(directory, `source-${number}`);
    if ('bytes' in source) await makeFile(path, source.bytes);
    else makeTree(path, source);
    sources.push({ path, name: basename(path), digest: await digestOf(path) });
  }
  return sources;
}

const isFolder = (path) => statSync(path).isDirectory();
const digestOf = (path) => (isFolder(path) ? treeDigest(path) : digest(path));

async function measureOnce(session, sources, { runner, work, directory, name }) {
  const atOnce = (commands) => measure(runner, session, commands);
  const back = join(directory, 'back');
  try {
    const up = await atOnce(sources.map(({ path }) => session.put(path)));
    if (session.stored) await requireSame(sources, (source) => session.stored(source.name), name);
    if (work.isListed) {
      const folders = sources.map((source) => session.list(join(source.name, 'folder-0')));
      return { list: await atOnce(folders) };
    }
    const down = await atOnce(
      sources.map((source) => {
        mkdirSync(join(back, source.name), { recursive: true });
        return session.get(source.name, join(back, source.name), isFolder(source.path));
      }),
    );
    await requireSame(sources, (source) => join(back, source.name, source.name), name);
    return { up, down };
  } finally {
    await rm(back, { recursive: true, force: true });
    for (const source of sources) await session.remove(source.name);
  }
}

/** @returns {Promise<Measured>} */
async function measure(runner, { pids }, commands) {
  const usage = new Usage(pids);
  const { seconds, runs } = await runner.run(commands);
  const cpu = runs.reduce((sum, run) => sum + run.cpu, 0);
  const memory = Math.max(...runs.map((run) => run.memory));
  return { seconds, client: { cpu, memory }, server: await usage.end() };
}

async function requireSame(sources, pathOf, name) {
  for (const source of sources) {
    if ((await digestOf(pathOf(source))) === source.digest) continue;
    throw new Error(`What ${name} left is not what was sent`);
  }
}
