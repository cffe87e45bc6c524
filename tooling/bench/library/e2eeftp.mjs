// e2eeftp itself, through its libraries.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { connect } from '@e2eeftp/client';
import { formatIdentity, formatPublicKey, Identity, parseIdentity } from '@e2eeftp/crypto';
import { DataDirectory, Server } from '@e2eeftp/server';

import { serveUntilEnd, timed } from './peer.mjs';

const [role, path, portText, directory] = process.argv.slice(2);

async function serve(data) {
  const opened = await DataDirectory.open(data);
  const client = Identity.generate();
  await writeFile(join(data, 'bench_client.key'), formatIdentity(client), { mode: 0o600 });
  await writeFile(join(data, 'bench_server.pub'), formatPublicKey(opened.identity.publicKey));
  await opened.authorizer.add(formatPublicKey(client.publicKey));
  const { identity, authorizer, store } = opened;
  const server = new Server({ identity, authorizer, store });
  await server.start({ port: 0 });
  await serveUntilEnd(server.address.port, async () => {
    await server.close();
    await opened.close();
  });
}

async function withClient(use) {
  const identity = parseIdentity(await readFile(join(directory, 'bench_client.key'), 'utf8'));
  const server = Buffer.from(await readFile(join(directory, 'bench_server.pub'), 'utf8'), 'base64');
  await timed(async () => {
    const client = await connect({ port: Number(portText), identity, server });
    await use(client);
    await client.close();
  });
}

if (role === 'serve') await serve(path);
if (role === 'send') await withClient((client) => client.send(path, 'received/stored'));
if (role === 'get') await withClient((client) => client.get('received/stored', path));
