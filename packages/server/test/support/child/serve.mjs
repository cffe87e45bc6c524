// Serves whoever comes, says at which port, and, for each line that it is given, how it is. Its one
// argument says in JSON where the files are (by default in memory), what its limits are, which
// client alone sees all files (all others share a home), what the others may do, and whether the
// first generation of the protocol is served.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { Identity } from '@e2eeftp/crypto';
import { printable } from '@e2eeftp/protocol';

import { FileHelloRecord, FileStore, MemoryStore, Server } from '../../../dist/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const failures = [];
for (const event of ['unhandledRejection', 'uncaughtException', 'warning']) {
  process.on(event, (error) => failures.push(String(error.stack ?? error)));
}

const { directory, limits = {}, owner, access = {}, v1 } = JSON.parse(process.argv[2] ?? '{}');
const store = directory
  ? await FileStore.open({ directory, durability: 'relaxed' })
  : new MemoryStore();
const hellos = v1 && (await FileHelloRecord.open(join(directory, '.e2eeftp/hellos')));

const warnings = new Set();
const unprintable = new Set();
const noteUnprintable = (key, value) => {
  // An error's message and stack are made harmless by whoever writes the line.
  if (key === 'err') return undefined;
  if (typeof value === 'string' && value !== printable(value)) unprintable.add(`${key}: ${value}`);
  return value;
};
const note = (fields, message) => {
  JSON.stringify({ ...fields, message }, noteUnprintable);
};
const logger = {
  debug: note,
  info: note,
  warn: (fields, message) => {
    note(fields, message);
    warnings.add(message);
  },
  error: (fields, message) => {
    note(fields, message);
    const { err, ...rest } = fields;
    failures.push(`${message} ${JSON.stringify(rest)} ${err?.stack}`);
  },
};

const counts = { opened: 0, closed: 0, refused: 0, established: 0, failed: 0, answered: 0 };
const observer = {
  connectionOpened: () => (counts.opened += 1),
  connectionClosed: () => (counts.closed += 1),
  connectionRefused: () => (counts.refused += 1),
  handshakeEnded: (outcome) => (counts[outcome] += 1),
  commandAnswered: () => (counts.answered += 1),
};

const identity = Identity.generate();
const server = new Server({
  identity,
  authorizer: {
    authorize: (client) => {
      const key = Buffer.from(client).toString('hex');
      const home = !owner || key === owner ? undefined : 'received/home';
      const granted = { access: access[key] ?? 'rw', home, v1: true };
      return Promise.resolve({ identity: client, name: 'somebody', ...granted });
    },
  },
  store,
  limits,
  logger,
  observer,
  v1: v1 && { access: 'all', hellos },
});
await server.start({ port: 0 });
process.stdout.write('ready\n');
process.stdout.write(`${server.address.port}\n`);

/** What each open file descriptor leads to. */
function openFiles() {
  return readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(join('/proc/self/fd', name));
    } catch {
      // It was that of the listing itself.
      return '';
    }
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'close') break;
  collectGarbage();
  collectGarbage();
  const [, kilobytes] = /VmRSS:\s+(\d+)/u.exec(readFileSync('/proc/self/status', 'utf8'));
  const open = openFiles();
  const eventLoops = open.filter((target) => target === 'anon_inode:[eventpoll]').length;
  const state = {
    memory: 1024 * Number(kilobytes),
    connections: server.connections,
    // A loop has one more to be woken by, and two pipes.
    descriptors: open.length - 4 * eventLoops,
    eventLoops,
    failures,
    warnings: [...warnings],
    unprintable: [...unprintable],
    counts,
  };
  process.stdout.write(`${JSON.stringify(state)}\n`);
}
await server.close();
await store.close();
