// Serves a folder to one client of the first generation, whose key it is given, and says at which
// port and with which key. For each line that it reads it says how many mebibytes of memory it has
// had at most.
import { createInterface } from 'node:readline';

import { DataDirectory, Server } from '../../dist/index.js';
import { peakMemory } from './peak-memory.mjs';

const [folder, key] = process.argv.slice(2);
const data = await DataDirectory.open(folder);
const { identity, authorizer, store, hellos } = data;
await authorizer.add(key);
const v1 = { access: 'all', hellos };
const limits = { progressTimeout: 1000 };
const server = new Server({ identity, authorizer, store, v1, limits });
await server.start({ port: 0 });
const publicKey = Buffer.from(identity.publicKey).toString('base64');
process.stdout.write(`ready\n${JSON.stringify({ port: server.address.port, publicKey })}\n`);
createInterface({ input: process.stdin }).on('line', () => {
  const facts = { memory: peakMemory(), connections: server.connections };
  process.stdout.write(`${JSON.stringify(facts)}\n`);
});
