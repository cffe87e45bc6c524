// Serves whoever comes, says at which port, and, for each line that it is given, how it is. Its one
// argument says in JSON where the files are (by default in memory), what its limits are, and which
// client alone sees all files; all others share a home.
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { Identity } from '@e2eeftp/crypto';

import { FileStore, MemoryStore, Server } from '../../../dist/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const failures = [];
for (const event of ['unhandledRejection', 'uncaughtException', 'warning']) {
  process.on(event, (error) => failures.push(String(error.stack ?? error)));
}

const { directory, limits = {}, owner } = JSON.parse(process.argv[2] ?? '{}');
const store = directory
  ? await FileStore.open({ directory, durability: 'relaxed' })
  : new MemoryStore();
const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: ({ err, ...fields }, message) => {
    failures.push(`${message} ${JSON.stringify(fields)} ${err?.stack}`);
  },
};
const server = new Server({
  identity: Identity.generate(),
  authorizer: {
    authorize: (identity) => {
      const isOwner = !owner || Buffer.from(identity).toString('hex') === owner;
      const home = isOwner ? undefined : 'received/home';
      return Promise.resolve({ identity, name: 'somebody', access: 'rw', home });
    },
  },
  store,
  limits,
  logger,
});
await server.start({ port: 0 });
process.stdout.write('ready\n');
process.stdout.write(`${server.address.port}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'close') break;
  collectGarbage();
  collectGarbage();
  const [, kilobytes] = /VmRSS:\s+(\d+)/u.exec(readFileSync('/proc/self/status', 'utf8'));
  const state = {
    memory: 1024 * Number(kilobytes),
    connections: server.connections,
    descriptors: readdirSync('/proc/self/fd').length,
    failures,
  };
  process.stdout.write(`${JSON.stringify(state)}\n`);
}
await server.close();
await store.close();
