// Serves whoever comes from a store in memory, says at which port, and, for each line that it is
// given, how much memory it uses and how many connections it has.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { Identity } from '@e2eeftp/crypto';

import { MemoryStore, Server } from '../../../dist/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const failures = [];
for (const event of ['unhandledRejection', 'uncaughtException', 'warning']) {
  process.on(event, (error) => failures.push(String(error.stack ?? error)));
}

const store = new MemoryStore();
const server = new Server({
  identity: Identity.generate(),
  authorizer: {
    authorize: (identity) => Promise.resolve({ identity, name: 'somebody', access: 'rw' }),
  },
  store,
});
await server.start({ port: 0 });
process.stdout.write('ready\n');
process.stdout.write(`${server.address.port}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'close') break;
  collectGarbage();
  collectGarbage();
  const [, kilobytes] = /VmRSS:\s+(\d+)/u.exec(readFileSync('/proc/self/status', 'utf8'));
  const { connections } = server;
  const state = { memory: 1024 * Number(kilobytes), connections, failures };
  process.stdout.write(`${JSON.stringify(state)}\n`);
}
await server.close();
await store.close();
