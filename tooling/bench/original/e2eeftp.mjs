// e2eeftp in the first generation of its protocol, through its libraries. It is used as peer.py is.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';

import { parseIdentity, parsePublicKey, V1Client } from '@e2eeftp/client';
import { DataDirectory, Server } from '@e2eeftp/server';

import { serveUntilEnd, timed } from '../library/peer.mjs';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { server: { type: 'string', default: '127.0.0.1:5001' } },
});
const [role, ...rest] = positionals;

async function serve(directory, port) {
  const opened = await DataDirectory.open(directory);
  const { identity, authorizer, store, hellos } = opened;
  const server = new Server({ identity, authorizer, store, v1: { access: 'all', hellos } });
  await server.start({ port: Number(port) });
  await serveUntilEnd(server.address.port, async () => {
    await server.close();
    await opened.close();
  });
}

async function withClient(use) {
  await timed(async () => {
    const identity = parseIdentity(await readFile('client_id.key', 'utf8'));
    const server = parsePublicKey(await readFile('known_server.pub', 'utf8'));
    const [host, port] = values.server.split(':');
    await use(new V1Client({ host, port: Number(port), identity, server }));
  });
}

if (role === 'serve') await serve(...rest);
if (role === 'send') await withClient((client) => client.send(rest[0], basename(rest[0])));
if (role === 'get') await withClient((client) => client.get(rest[0], `downloaded_${rest[0]}`));
