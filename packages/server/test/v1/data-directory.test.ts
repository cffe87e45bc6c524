import { mkdir, readdir } from 'node:fs/promises';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { encodePublicKeyPem, formatIdentity, Identity } from '@e2eeftp/crypto';
import { OriginalClient } from '@e2eeftp/original-peer';

import { DataDirectory, Server, type Logger } from '../../src/index.js';
import { makeTemporaryDirectory, removeDirectory } from '../store/temporary-directory.js';

let folder: string;
let log: { readonly level: string; readonly message: string; readonly fields: object }[];
beforeEach(async () => {
  folder = await makeTemporaryDirectory();
  log = [];
});
afterEach(async () => {
  await removeDirectory(folder);
});

function logger(): Logger {
  const at = (level: string) => (fields: object, message: string) => {
    log.push({ level, message, fields });
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function keyOf({ publicKey }: Identity): string {
  return Buffer.from(publicKey).toString('base64');
}

async function authorize(...lines: string[]): Promise<void> {
  const data = await DataDirectory.open(folder);
  for (const line of lines) await data.authorizer.add(line);
  await data.close();
}

/** Makes a client of the server that serves the folder. */
type MakeClient = (identity: Identity) => OriginalClient;

/** Serves the folder until the work is done. */
async function serving(work: (clientOf: MakeClient) => Promise<void>): Promise<void> {
  const data = await DataDirectory.open(folder);
  const { identity, authorizer, store, hellos } = data;
  const v1 = { access: 'all', hellos } as const;
  const server = new Server({ identity, authorizer, store, v1, logger: logger() });
  try {
    await server.start({ port: 0 });
    await work(
      (who) =>
        new OriginalClient({
          port: server.address.port,
          clientKeyPem: formatIdentity(who),
          serverPublicPem: encodePublicKeyPem(identity.publicKey),
          timeout: 20_000,
        }),
    );
  } finally {
    await server.close();
    await data.close();
  }
}

/** Sends a hello and counts what comes back. */
async function bytesFor(client: OriginalClient, hello?: Buffer): Promise<number> {
  const connection = await client.connect();
  try {
    const list = Buffer.from('LIST\n');
    await connection.writeRaw(Buffer.concat([hello ?? connection.hello, list]));
    return (await connection.readAll()).length;
  } finally {
    connection.close();
  }
}

test('bare keys and those that are marked come in, and no others', async () => {
  const [bare, marked, plain] = [Identity.generate(), Identity.generate(), Identity.generate()];
  await authorize(keyOf(bare), `${keyOf(marked)} name=m v1`, `${keyOf(plain)} name=p`);
  await serving(async (clientOf) => {
    expect(await clientOf(bare).list()).toEqual({ line: '200|0', body: '' });
    expect(await clientOf(marked).send('f', Buffer.from('x'))).toBe('226|Transfer Complete');
    expect(await bytesFor(clientOf(plain))).toBe(0);
  });
  expect((await readdir(`${folder}/.e2eeftp/v1-hellos`)).sort()).toEqual(
    [bare, marked].map(({ publicKey }) => Buffer.from(publicKey).toString('hex')).sort(),
  );
});

test('a hello is known after a restart', async () => {
  const identity = Identity.generate();
  await authorize(keyOf(identity));
  const hellos: Buffer[] = [];
  await serving(async (clientOf) => {
    for (let count = 0; count < 5; count++) {
      const connection = await clientOf(identity).connect();
      hellos.push(connection.hello);
      await connection.writeRaw(connection.hello);
      await connection.readHello();
      connection.close();
    }
  });
  await serving(async (clientOf) => {
    for (const hello of hellos) expect(await bytesFor(clientOf(identity), hello)).toBe(0);
    expect((await clientOf(identity).list()).line).toBe('200|0');
  });
});

test('where hellos cannot be noted nobody is let in, and the log says why', async () => {
  const [identity, other] = [Identity.generate(), Identity.generate()];
  await authorize(keyOf(identity), keyOf(other));
  const name = Buffer.from(identity.publicKey).toString('hex');
  await mkdir(`${folder}/.e2eeftp/v1-hellos/${name}`);
  await serving(async (clientOf) => {
    expect(await bytesFor(clientOf(identity))).toBe(0);
    expect((await clientOf(other).list()).line).toBe('200|0');
  });
  expect(log.filter(({ level }) => level === 'error')).toMatchObject([
    {
      message: 'connection failed',
      fields: { err: { code: 'bad-file', cause: { code: 'EISDIR' } } },
    },
  ]);
});
