// Serves a data directory at a port of the system's choice, which it tells, until it is killed.
import { DataDirectory, Server } from '../../dist/index.js';

const [directory] = process.argv.slice(2);
const data = await DataDirectory.open(directory);
const { identity, authorizer, store } = data;
const server = new Server({ identity, authorizer, store });
await server.start({ port: 0 });
process.stdout.write(`ready\n${server.address.port}\n`);
