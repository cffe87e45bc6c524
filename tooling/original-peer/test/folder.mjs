import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { newIdentity, OriginalClient, startOriginalServer } from '../index.mjs';

// What stays silent is found out soon, what is slow is not taken for it.
const timeout = 20_000;

/** Does work with a server in a folder of its own, and a client that it knows. */
export async function withServer(options, work) {
  const directory = await mkdtemp(join(tmpdir(), 'e2eeftp-original-'));
  const identity = newIdentity();
  let server;
  try {
    await writeFile(join(directory, 'authorized_clients.pub'), `${identity.publicBase64}\n`);
    server = await startOriginalServer({ directory, timeout, ...options });
    const client = clientOf(server, identity);
    await work({ client, server, directory, identity, received: join(directory, 'received') });
  } finally {
    await server?.close();
    await rm(directory, { recursive: true, force: true });
  }
}

export function clientOf(server, identity, options = {}) {
  return new OriginalClient({
    port: server.port,
    clientKeyPem: identity.privatePem,
    serverPublicPem: server.publicPem,
    timeout,
    ...options,
  });
}
