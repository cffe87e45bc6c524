import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Identity } from '@e2eeftp/server';

import { keyOf, Playground, run, type RunningServer } from './support/program.js';

const fingerprintForm = /^(?:[A-Z2-7]{5}-){3}[A-Z2-7]{5}$/u;

let playground: Playground;

beforeEach(async () => {
  playground = await Playground.make();
});
afterEach(async () => {
  await playground.remove();
});

async function authorized(access = 'rw'): Promise<Identity> {
  const identity = Identity.generate();
  const { exitCode } = await playground.run(['authorize', keyOf(identity), '--access', access]);
  expect(exitCode).toBe(0);
  return identity;
}

test('a first start makes everything and says where it listens', async () => {
  const data = join(playground.data, 'a/b');
  const server = await playground.start(['--data', data]);
  expect(server.host).toBe('127.0.0.1');
  expect(server.port).toBeGreaterThan(0);
  expect(server.fingerprint).toMatch(fingerprintForm);
  expect((await stat(join(data, 'server_id.key'))).mode & 0o777).toBe(0o600);
  expect((await readdir(data)).sort()).toEqual([
    '.e2eeftp',
    'known_server.pub',
    'received',
    'server_id.key',
    'vaults',
  ]);
  expect(await server.end()).toMatchObject({ exitCode: 0, stderr: '' });
  expect(server.log.map(({ msg }) => msg)).toEqual([
    'listening',
    'nobody is authorized; add a client with `e2eeftp-server authorize`',
    'closing; a second signal ends everything at once',
    'closed',
  ]);
});

test('the working directory is the data directory, and start is what it does', async () => {
  const env = { E2EEFTP_SERVER_PORT: '0', E2EEFTP_SERVER_LOG_LEVEL: 'silent' };
  const cwd = playground.data;
  playground.launch([], { cwd, env });
  while (!(await readdir(cwd)).includes('known_server.pub')) await delay(5);
  const second = await run([], { cwd, env });
  expect(second).toMatchObject({ exitCode: 1, stdout: '' });
  expect(second.stderr).toContain('Another server uses');
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it, and the identity stays', async (signal) => {
  const first = await playground.start();
  expect(await first.end(signal)).toMatchObject({ exitCode: 0 });
  const second = await playground.start();
  expect(second.fingerprint).toBe(first.fingerprint);
});

test('files are sent and received', async () => {
  const identity = await authorized();
  const server = await playground.start();
  const client = await playground.connect(server, identity);
  await client.send(Buffer.from('content'), 'received/file');
  expect(await readFile(join(playground.data, 'received/file'), 'utf8')).toBe('content');
});

test('a transfer under way is finished before the end', async () => {
  const identity = await authorized();
  const server = await playground.start();
  const client = await playground.connect(server, identity);
  let release: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const source = Readable.from(
    (async function* () {
      yield Buffer.alloc(100_000, 'x');
      await gate;
      yield Buffer.alloc(100_000, 'x');
    })(),
  );
  const sent = client.send(source, 'received/file');
  await playground.untilUploading();
  server.signal('SIGTERM');
  await server.until(/closing/u);
  release?.();
  expect(await sent).toMatchObject({ size: 200_000 });
  expect(await server.ended()).toMatchObject({ exitCode: 0 });
});

test('a second signal ends it at once', async () => {
  const identity = await authorized();
  const server = await playground.start();
  const client = await playground.connect(server, identity);
  const sent = client.send(new Readable({ read: () => undefined }), 'received/file');
  const failed = expect(sent).rejects.toMatchObject({ code: 'disconnected' });
  await playground.untilUploading();
  server.signal('SIGTERM');
  await server.until(/closing/u);
  expect(await server.end('SIGINT')).toMatchObject({ exitCode: 130 });
  await failed;
});

test('after kill -9 it starts again, and nothing half is left', async () => {
  const identity = await authorized();
  for (let round = 0; round < 3; round++) {
    const server = await playground.start();
    const client = await playground.connect(server, identity);
    await client.send(Buffer.from(`${round}`), `received/${round}`);
    const cut = client.send(new Readable({ read: () => undefined }), 'received/half');
    const failed = expect(cut).rejects.toMatchObject({ code: 'disconnected' });
    await playground.untilUploading();
    await server.end('SIGKILL');
    await failed;
  }
  const server = await playground.start();
  expect(await readdir(join(playground.data, 'received'))).toEqual(['0', '1', '2']);
  expect(await readdir(join(playground.data, '.e2eeftp/uploads'))).toEqual([]);
  await server.end();
  const left = await readdir(join(playground.data, '.e2eeftp'));
  expect(left.sort()).toEqual(['cards', 'resumable', 'trash', 'uploads', 'v1-hellos']);
});

test('a folder of the prototype is served as it is', async () => {
  const identity = Identity.generate();
  const other = await Playground.make();
  try {
    await (await other.start()).end();
    for (const name of ['server_id.key', 'known_server.pub']) {
      await writeFile(join(playground.data, name), await readFile(join(other.data, name)));
    }
  } finally {
    await other.remove();
  }
  const clients = `# clients\n${keyOf(Identity.generate())}\n\n${keyOf(identity)}\n`;
  await writeFile(join(playground.data, 'authorized_clients.pub'), clients);
  await mkdir(join(playground.data, 'received'));
  await writeFile(join(playground.data, 'received/report.pdf'), 'report');
  const key = await readFile(join(playground.data, 'server_id.key'), 'utf8');

  const server = await playground.start();
  const client = await playground.connect(server, identity);
  const parts: Uint8Array[] = [];
  for await (const part of client.read('received/report.pdf')) parts.push(part);
  expect(Buffer.concat(parts).toString()).toBe('report');
  await server.end();
  expect(await readFile(join(playground.data, 'server_id.key'), 'utf8')).toBe(key);
  expect(await readFile(join(playground.data, 'authorized_clients.pub'), 'utf8')).toBe(clients);
});

describe('a client that is revoked', () => {
  test('is refused, and loses its open connection', async () => {
    const identity = await authorized();
    const stays = await authorized();
    const server = await playground.start();
    const client = await playground.connect(server, identity);
    const other = await playground.connect(server, stays);
    await client.ping();
    expect(await playground.run(['revoke', keyOf(identity)])).toMatchObject({ exitCode: 0 });
    await expect(playground.connect(server, identity)).rejects.toMatchObject({
      code: 'not-authorized',
    });
    await server.until(/has lost its authorization/u);
    // The word that ends the connection may still be on its way.
    await expect(client.ping()).rejects.toThrow();
    await expect(client.ping()).rejects.toMatchObject({ code: 'not-authorized' });
    expect(await other.ping()).toBeGreaterThan(0);
  });

  test('comes in again once it is authorized, without a restart', async () => {
    const server = await playground.start();
    const identity = Identity.generate();
    await expect(playground.connect(server, identity)).rejects.toMatchObject({
      code: 'not-authorized',
    });
    await playground.run(['authorize', keyOf(identity)]);
    await (await playground.connect(server, identity)).ping();
  });
});

describe('the log', () => {
  async function provoke(server: RunningServer, identity: Identity): Promise<void> {
    const client = await playground.connect(server, identity);
    await client.send(Buffer.from('x'), 'received/a\u202Eb\u2066c');
    const names = [
      ...['\u001B[2J', 'a\nb', 'a\r\nb', '\u009B31m', '\u0000', '\u202Etxt.exe', 'a\u2028b'],
      'n'.repeat(4096),
    ];
    for (const name of names) {
      await client.request('STAT', { path: `received/${name}` }).catch(() => undefined);
      await client.request(name, {}).catch(() => undefined);
    }
    await client.close();
    await server.end();
  }

  test.each(['json', 'pretty'])(
    'as %s holds neither keys nor control characters',
    async (format) => {
      const identity = Identity.generate();
      const line = `${keyOf(identity)} name=ev\u001B[31mil\u202E access=rw`;
      await writeFile(join(playground.data, 'authorized_clients.pub'), `${line}\nbad\u001B[1m=x\n`);
      const server = await playground.start(['--log-format', format, '--log-level', 'debug']);
      await provoke(server, identity);
      const { output } = server;
      expect(output).toContain('STAT');
      expect(output.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
      // Each line is one that the server has begun.
      const beginning = format === 'json' ? /^\{"level":"/u : /^\[\d{4}-\d\d-\d\d /u;
      for (const line of output.trimEnd().split('\n')) expect(line).toMatch(beginning);
      const pem = await readFile(join(playground.data, 'server_id.key'), 'utf8');
      const [, body = ''] = pem.split('\n');
      expect(body.length).toBeGreaterThan(40);
      for (const secret of [
        body.slice(-40),
        Buffer.from(body, 'base64').subarray(-32).toString('hex'),
        Buffer.from(identity.exportSeed()).toString('hex'),
        Buffer.from(identity.exportSeed()).toString('base64'),
        'PRIVATE',
      ]) {
        expect(output).not.toContain(secret);
      }
    },
  );

  test('for people begins with what they need', async () => {
    const server = await playground.start(['--log-format', 'pretty']);
    await server.end();
    const [first] = server.output.split('\n');
    expect(first).toContain(`Listening at 127.0.0.1:${server.port}`);
    expect(first).toContain(`fingerprint ${server.fingerprint}`);
    expect(first).toContain(`data in ${playground.data}`);
  });

  test('is as loud as it should be', async () => {
    const { output } = await playground.start(['--log-level', 'info']);
    expect(output).toContain('"level":"info"');
    const other = await Playground.make();
    try {
      const quiet = run(['--data', other.data, '--port', 'x', '--log-level', 'silent']);
      expect((await quiet).stdout).toBe('');
    } finally {
      await other.remove();
    }
  });
});

describe('what goes wrong at the start is said in one line', () => {
  async function expectFailure(args: readonly string[], message: RegExp, code = 1): Promise<void> {
    const { exitCode, stdout, stderr } = await playground.run(['--port', '0', ...args]);
    expect({ exitCode, lines: stderr.split('\n').length, stdout }).toEqual({
      exitCode: code,
      lines: 1,
      stdout: '',
    });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^e2eeftp-server: /u);
  }

  test('a port in use', async () => {
    const other = await Playground.make();
    try {
      const { port } = await other.start();
      await expectFailure(['--port', `${port}`], /EADDRINUSE.*choose another with --port$/u);
    } finally {
      await other.remove();
    }
  });

  test('an address of another machine', async () => {
    await expectFailure(['--host', '203.0.113.1'], /choose an address of this machine/u);
  });

  test('a data directory in use', async () => {
    const server = await playground.start();
    await expectFailure([], /Another server uses .*; stop it/u);
    await server.end();
    const again = await playground.start();
    await again.end();
  });

  test('a file in the place of the data directory', async () => {
    await writeFile(join(playground.data, 'file'), '');
    const { stderr, exitCode } = await run(['--port', '0', '--data', `${playground.data}/file`]);
    expect(stderr).toMatch(/choose a directory that this user can write to/u);
    expect(exitCode).toBe(1);
  });

  test('a data directory that nobody can write to', async () => {
    const { stderr, exitCode } = await run(['--port', '0', '--data', '/proc/e2eeftp']);
    expect(stderr).toMatch(/choose a directory that this user can write to/u);
    expect(exitCode).toBe(1);
  });

  test.each([
    ['a damaged key', 'nonsense'],
    ['an empty key', ''],
  ])('%s', async (_what, text) => {
    const key = join(playground.data, 'server_id.key');
    await writeFile(key, text, { mode: 0o600 });
    await expectFailure([], /restore it from a backup, or move it away/u);
    expect(await readFile(key, 'utf8')).toBe(text);
  });

  test('clients that cannot be read', async () => {
    await mkdir(join(playground.data, 'authorized_clients.pub'));
    const { exitCode, stderr } = await playground.run(['--port', '0']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/EISDIR/u);
  });

  test.each([
    [['--port', 'http'], /--port must be a number/u],
    [['--port', '65536'], /--port must be a number/u],
    [['--port', '-1'], /--port must be a number/u],
    [['--port', '1e3'], /--port must be a number/u],
    [['--host', ''], /--host needs a value/u],
    [['--log-level', 'loud'], /log-level/u],
    [['--log-format', 'xml'], /log-format/u],
    [['--prot', '1'], /Unknown argument: prot/u],
    [['strat'], /Unknown argument: strat/u],
  ])('%j', async (args, message) => {
    await expectFailure(args, message, 2);
    expect(await readdir(playground.data)).toEqual([]);
  });
});

test('an option as a variable counts unless the command line says otherwise', async () => {
  const env = { E2EEFTP_SERVER_PORT: 'nonsense', E2EEFTP_SERVER_OTHER: 'x' };
  expect((await playground.run(['start'], { env })).exitCode).toBe(2);
  // What is no option of this command is not its business.
  expect((await playground.run(['clients'], { env })).exitCode).toBe(0);
  const server = await playground.start([], { env });
  await server.end();
  const inFolder = { E2EEFTP_SERVER_DATA: playground.data };
  expect((await run(['authorize', keyOf(Identity.generate())], { env: inFolder })).exitCode).toBe(
    0,
  );
  expect(await readdir(playground.data)).toContain('authorized_clients.pub');
});

test('a key file that others could read is made private', async () => {
  await (await playground.start()).end();
  const key = join(playground.data, 'server_id.key');
  await chmod(key, 0o666);
  const server = await playground.start();
  await server.end();
  expect((await stat(key)).mode & 0o777).toBe(0o600);
  expect(server.log.map(({ msg }) => msg)).toContain(
    'other users could read the private key; they no longer can',
  );
});
