// node server.mjs [PORT] [FOLDER]
import { once } from 'node:events';

import { DataDirectory, fingerprint, Server } from '@e2eeftp/server';

import { commands } from './commands.mjs';

const [port = '5001', folder = '.'] = process.argv.slice(2);

const logger = {
  debug: () => undefined,
  info: (fields, message) => console.log(message, fields),
  warn: (fields, message) => console.warn(message, fields),
  error: (fields, message) => console.error(message, fields),
};

const data = await DataDirectory.open(folder, { logger });
const { identity, authorizer, store, hellos } = data;
const v1 = { access: 'all', hellos };
const server = new Server({ identity, authorizer, store, commands, v1, logger });
try {
  await server.start({ port: Number(port) });
  console.log(`port ${server.address.port}, fingerprint ${fingerprint(identity.publicKey)}`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
} finally {
  await server.close();
  await data.close();
}
