import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { handshakeHello, newIdentity, parseHello, startOriginalServer } from '../index.mjs';
import { clientOf, withServer } from './folder.mjs';

const vectors = JSON.parse(
  readFileSync(new URL('../../../vectors/v1.json', import.meta.url), 'utf8'),
);

async function refusal(action) {
  const error = await action.then(
    () => undefined,
    (reason) => reason,
  );
  return error?.code;
}

test.each(Object.entries(vectors.rejected_client_hellos))(
  'a client hello is refused without a byte: %s',
  async (_what, hello) => {
    await withServer({}, async ({ client, server, directory }) => {
      const authorized = `${vectors.client.identity_public_base64}\n`;
      await writeFile(join(directory, 'authorized_clients.pub'), authorized);
      const connection = await client.connect();
      await connection.writeRaw(Buffer.from(hello, 'hex'));
      expect(await connection.readAll()).toHaveLength(0);
      connection.close();
      expect(server.connections).toMatchObject([{ error: expect.anything() }]);
    });
  },
);

test("the vectors' own hello is not refused", async () => {
  await withServer({}, async ({ client, server, directory }) => {
    const { handshake_message: hello, identity_public_base64: identity } = vectors.client;
    await writeFile(join(directory, 'authorized_clients.pub'), identity);
    const connection = await client.connect();
    await connection.writeRaw(Buffer.from(hello, 'hex'));
    await connection.readHello();
    connection.close();
    expect(server.connections).toMatchObject([{ identity }]);
  });
});

test('a hello that was recorded can be sent again', async () => {
  await withServer({}, async ({ client, server }) => {
    await client.send('file', Buffer.alloc(1));
    const connection = await client.connect();
    const command = Buffer.from('DELETE|file\n');
    await connection.writeRaw(Buffer.concat([server.connections[0].hello, command]));
    const bytes = await connection.readAll();
    connection.close();
    expect(bytes.toString('utf8', 132)).toBe('200|File deleted\n');
  });
});

test('authorized clients are read anew, with comments and damaged lines between them', async () => {
  await withServer({}, async ({ client, server, directory, identity }) => {
    const path = join(directory, 'authorized_clients.pub');
    await rm(path);
    expect(await refusal(client.list())).toBe('closed');
    expect(server.warnings).toEqual([expect.stringContaining('nobody is authorized')]);
    await writeFile(path, `# ${identity.publicBase64}\n\nAAAA\n`);
    expect(await refusal(client.list())).toBe('closed');
    expect(server.warnings.slice(1)).toEqual([expect.stringContaining('"AAAA"')]);
    await writeFile(path, `# mine\n\nAAAA\n  ${identity.publicBase64}  \r\n`);
    expect(await client.list()).toEqual({ line: '200|0', body: '' });
  });
});

test('the key files are made once', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'e2eeftp-original-'));
  try {
    const keys = [];
    for (let start = 0; start < 2; start++) {
      const server = await startOriginalServer({ directory });
      await server.close();
      keys.push(await readFile(join(directory, 'server_id.key'), 'utf8'));
      expect(await readFile(join(directory, 'known_server.pub'), 'utf8')).toBe(server.publicPem);
    }
    expect(keys[0]).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(keys[1]).toBe(keys[0]);
    expect((await stat(join(directory, 'server_id.key'))).mode & 0o777).toBe(0o600);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a client trusts the server that it knows, and no other', async () => {
  await withServer({}, async ({ server, identity }) => {
    const { publicPem: serverPublicPem } = newIdentity();
    const client = clientOf(server, identity, { serverPublicPem });
    expect(await refusal(client.list())).toBe('untrusted');
  });
});

test.each([
  ['untrusted', () => handshakeHello(newIdentity().privatePem).bytes],
  ['bad-signature', (hello) => hello.fill(hello[131] ^ 1, 131)],
  ['bad-signature', (hello) => hello.fill(hello[4] ^ 1, 4, 5)],
  ['bad-hello', (hello) => hello.fill(1, 0, 1)],
])('a client refuses another hello: %s', async (code, helloReply) => {
  await withServer({ helloReply }, async ({ server, identity }) => {
    expect(await refusal(clientOf(server, identity).list())).toBe(code);
  });
});

test('a client refuses half a hello', async () => {
  const helloReply = (hello) => hello.subarray(0, 131);
  // The server soon gives up on the command that will not come.
  await withServer({ helloReply, timeout: 500 }, async ({ server, identity }) => {
    expect(await refusal(clientOf(server, identity).list())).toBe('closed');
  });
});

test('the parts of a hello are where they should be', () => {
  const identity = newIdentity();
  const { bytes } = handshakeHello(identity.privatePem);
  expect(parseHello(bytes).identity).toEqual(identity.publicKey);
  expect(() => parseHello(bytes.subarray(1))).toThrow(
    expect.objectContaining({ code: 'bad-hello' }),
  );
});
