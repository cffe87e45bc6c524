// A small Node program that copies a file through a TCP connection, without any protection.
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startProcess, stopProcess } from '../servers/processes.mjs';

const program = fileURLToPath(new URL('programs/plain-copy.mjs', import.meta.url));

/** @type {import('./index.mjs').Contender} */
export const plainCopy = {
  missing: () => undefined,
  async start(folder, { link = async (port) => ({ port }) } = {}) {
    mkdirSync(folder);
    const stored = (name) => join(folder, name);
    const child = startProcess(process.execPath, [program, 'serve', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = await once(child.stdout, 'data');
    const { port } = await link(Number(said));
    const node = (...args) => ({ command: process.execPath, args: [program, ...args] });
    return {
      pids: [child.pid],
      stored,
      put: (source) => node('send', String(port), source, basename(source)),
      get: (name, into) => node('get', String(port), join(into, name), name),
      remove: (name) => rm(stored(name)),
      stop: () => stopProcess(child),
    };
  },
};
