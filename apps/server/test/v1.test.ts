import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import {
  newIdentity,
  OriginalClient,
  startOriginalServer,
  type NewIdentity,
} from '@e2eeftp/original-peer';

import { Playground, type RunningServer } from './support/program.js';

let playground: Playground;
let alice: NewIdentity;

beforeEach(async () => {
  playground = await Playground.make();
  alice = newIdentity();
});
afterEach(async () => {
  await playground.remove();
});

function path(name: string): string {
  return join(playground.data, name);
}

function readText(name: string): Promise<string> {
  return readFile(path(name), 'utf8');
}

/** A client of the original, with the key of the server that it has copied. */
async function clientOf(
  { port }: RunningServer,
  { privatePem }: NewIdentity = alice,
): Promise<OriginalClient> {
  const serverPublicPem = await readText('known_server.pub');
  return new OriginalClient({ port, clientKeyPem: privatePem, serverPublicPem, timeout: 20_000 });
}

const closed = { code: 'closed' };

describe('a folder as the original leaves it', () => {
  const files = ['report.pdf', 'with space.txt', 'grüße.txt'];
  let server: NewIdentity;
  let left: Record<string, string>;

  beforeEach(async () => {
    server = newIdentity();
    left = {
      'server_id.key': server.privatePem,
      'known_server.pub': server.publicPem,
      'authorized_clients.pub': `# clients\n\n${newIdentity().publicBase64}\n${alice.publicBase64}\nnonsense`,
    };
    await mkdir(path('received'));
    for (const name of files) left[`received/${name}`] = `content of ${name}`;
    for (const [name, content] of Object.entries(left)) await writeFile(path(name), content);
    await chmod(path('server_id.key'), 0o644);
  });

  test('is served to its clients as it was, and stays as it is', async () => {
    const running = await playground.start(['--allow-v1']);
    const client = await clientOf(running);
    const { line, body } = await client.list();
    expect(line).toMatch(/^200\|\d+$/u);
    expect(body?.split('\n').sort()).toEqual([...files].sort());
    for (const name of files) {
      expect((await client.get(name)).content?.toString()).toBe(`content of ${name}`);
    }
    expect(await client.send('new.txt', Buffer.from('new'))).toBe('226|Transfer Complete');
    expect(await client.delete('new.txt')).toBe('200|File deleted');
    expect((await client.hlist()).body).toBe('SEND\nGET\nLIST\nDELETE\nHLIST');
    await running.end();
    for (const [name, content] of Object.entries(left)) {
      expect(await readText(name)).toBe(content);
    }
    // But for this: nobody else has any business with the private key.
    expect((await stat(path('server_id.key'))).mode & 0o777).toBe(0o600);
    expect((await readdir(playground.data)).sort()).toEqual([
      '.e2eeftp',
      'authorized_clients.pub',
      'known_server.pub',
      'received',
      'server_id.key',
      'vaults',
    ]);
  });

  test('is served without its public key, which is made again', async () => {
    await rm(path('known_server.pub'));
    const client = await clientOf(await playground.start(['--allow-v1']));
    expect(await readText('known_server.pub')).toBe(server.publicPem);
    expect((await client.get('report.pdf')).content?.toString()).toBe('content of report.pdf');
  });

  test('can be gone back to: the original finds what it left, and what was sent since', async () => {
    const running = await playground.start(['--allow-v1']);
    await (await clientOf(running)).send('new.txt', Buffer.from('new'));
    await running.end();
    const original = await startOriginalServer({ directory: playground.data });
    try {
      const client = new OriginalClient({
        port: original.port,
        clientKeyPem: alice.privatePem,
        serverPublicPem: server.publicPem,
        timeout: 20_000,
      });
      expect((await client.get('new.txt')).content?.toString()).toBe('new');
      expect((await client.get('report.pdf')).content?.toString()).toBe('content of report.pdf');
    } finally {
      await original.close();
    }
  });
});

describe('--allow-v1', () => {
  beforeEach(async () => {
    await writeFile(path('authorized_clients.pub'), `${alice.publicBase64}\n`);
  });

  const warned = /serving the protocol's first generation/u;

  test('is off: clients of the original hear nothing, and the log says what to do', async () => {
    const server = await playground.start();
    await expect((await clientOf(server)).list()).rejects.toMatchObject(closed);
    await server.until(/refused a client of the protocol's first generation/u);
    expect(server.log).toContainEqual(
      expect.objectContaining({ level: 'warn', msg: expect.stringContaining('--allow-v1') }),
    );
    expect(server.output).not.toMatch(warned);
  });

  test.each([
    [['--allow-v1'], {}],
    [['--allow-v1=all'], {}],
    [['--allow-v1', '--log-level', 'info'], {}],
    [[], { E2EEFTP_SERVER_ALLOW_V1: '1' }],
    [[], { E2EEFTP_SERVER_ALLOW_V1: 'true' }],
    [[], { E2EEFTP_SERVER_ALLOW_V1: 'all' }],
    [['--allow-v1'], { E2EEFTP_SERVER_ALLOW_V1: 'read' }],
    [['--allow-v1'], { E2EEFTP_SERVER_ALLOW_V1: '0' }],
  ])('as %j with %j serves them, and warns', async (args, env) => {
    const server = await playground.start(args, { env });
    const client = await clientOf(server);
    expect(await client.send('f', Buffer.from('x'))).toBe('226|Transfer Complete');
    expect(await client.delete('f')).toBe('200|File deleted');
    const [first] = server.log;
    expect(first).toMatchObject({
      level: 'warn',
      access: 'all',
      msg: expect.stringMatching(warned),
    });
    expect(first?.['msg']).toMatch(/can list and delete in its name/u);
  });

  test.each([
    [['--allow-v1=read'], {}],
    [['--allow-v1=READ'], {}],
    [[], { E2EEFTP_SERVER_ALLOW_V1: 'read' }],
    [['--allow-v1', '--allow-v1=read'], {}],
  ])('as %j with %j lets them read only', async (args, env) => {
    await mkdir(path('received'));
    await writeFile(path('received/f'), 'old');
    const server = await playground.start(args, { env });
    const client = await clientOf(server);
    expect(await client.send('f', Buffer.from('x'))).toBe('403|Not allowed');
    expect(await client.delete('f')).toBe('403|Not allowed');
    expect((await client.get('f')).content?.toString()).toBe('old');
    expect(server.log[0]).toMatchObject({ level: 'warn', access: 'read' });
  });

  test.each([
    [['--no-allow-v1'], { E2EEFTP_SERVER_ALLOW_V1: 'all' }],
    [['--allow-v1=false'], {}],
    [[], { E2EEFTP_SERVER_ALLOW_V1: '0' }],
    [[], { E2EEFTP_SERVER_ALLOW_V1: 'false' }],
    [[], { E2EEFTP_SERVER_ALLOW_V1: '' }],
  ])('as %j with %j is off', async (args, env) => {
    const server = await playground.start(args, { env });
    await expect((await clientOf(server)).list()).rejects.toMatchObject(closed);
    expect(server.output).not.toMatch(warned);
  });

  test.each([
    [['--allow-v1=write'], {}],
    [['--allow-v1=readonly'], {}],
    [[], { E2EEFTP_SERVER_ALLOW_V1: 'yes' }],
  ])('as %j with %j is not understood', async (args, env) => {
    const { exitCode, stdout, stderr } = await playground.run(['--port', '0', ...args], { env });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^e2eeftp-server: \S+ stands alone or as --allow-v1=read/u);
    expect(stderr.split('\n')).toHaveLength(1);
  });

  test('takes no word behind it for its own', async () => {
    const args = ['--allow-v1', 'read', '--port', '0'];
    const { exitCode, stdout, stderr } = await playground.run(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/Unknown argument: read/u);
    const server = playground.launch([
      '--allow-v1',
      'start',
      '--port=0',
      `--data=${playground.data}`,
    ]);
    await server.listening();
    expect((await (await clientOf(server)).list()).line).toBe('200|0');
  });

  test('says in the help what it risks', async () => {
    const { stdout } = await playground.run(['start', '--help']);
    expect(stdout.replaceAll(/\s+/gu, ' ')).toMatch(
      /can be read and forged on their way.*can list and delete in its name/u,
    );
  });

  test('is for those whose key allows it, and a change of that is in force at once', async () => {
    const server = await playground.start(['--allow-v1', '--log-level', 'debug']);
    const bob = newIdentity();
    await playground.run(['authorize', bob.publicBase64, '--name', 'bob']);
    await expect((await clientOf(server, bob)).list()).rejects.toMatchObject(closed);
    await server.until(/write v1 behind its key/u);
    await playground.run(['revoke', 'bob']);
    await playground.run(['authorize', bob.publicBase64, '--name', 'bob', '--v1']);
    expect((await (await clientOf(server, bob)).list()).line).toBe('200|0');
    await server.until(/"msg":"command"/u);
    expect(server.log).toContainEqual(
      expect.objectContaining({ msg: 'command', generation: 1, name: 'bob', command: 'LIST' }),
    );
    await playground.run(['revoke', 'bob']);
    await expect((await clientOf(server, bob)).list()).rejects.toMatchObject(closed);
  });

  test('remembers the hellos that it has seen, whatever ends it', async () => {
    let server = await playground.start(['--allow-v1']);
    const connection = await (await clientOf(server)).connect();
    const { hello } = connection;
    await connection.writeRaw(hello);
    await connection.readHello();
    await server.end('SIGKILL');
    connection.close();
    server = await playground.start(['--allow-v1']);
    const replay = await (await clientOf(server)).connect();
    await replay.writeRaw(Buffer.concat([hello, Buffer.from('LIST\n')]));
    expect((await replay.readAll()).length).toBe(0);
    replay.close();
    await server.until(/refused a hello that was used before/u);
  });
});
