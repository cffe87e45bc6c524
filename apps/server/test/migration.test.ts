import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { fingerprint } from '@e2eeftp/server';
import {
  newIdentity,
  OriginalClient,
  startOriginalServer,
  type NewIdentity,
  type OriginalServer,
} from '@e2eeftp/original-peer';

import { FollowedServer } from './support/followed-server.js';
import { readPage, type Page } from './support/page.js';

const run = promisify(execFile);
const { resolve } = createRequire(import.meta.url);
const programs = {
  'e2eeftp-server': fileURLToPath(new URL('../bin/e2eeftp-server.js', import.meta.url)),
  e2eeftp: join(dirname(resolve('@e2eeftp/client-app/package.json')), 'bin/e2eeftp.js'),
};

let root: string;
let page: Page;
let server: FollowedServer | undefined;
let original: OriginalServer | undefined;
/** What stands for a key on the page. */
let keys: Record<string, string>;

const at = (...names: string[]): string => join(root, ...names);
const data = (): string => at('srv/e2eeftp');

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'e2eeftp-migration-'));
  page = await readPage(new URL('../../../docs/migrating-from-v1.md', import.meta.url));
  keys = {};
  await mkdir(at('bin'));
  for (const [name, file] of Object.entries(programs)) {
    await writeFile(at('bin', name), `#!/bin/sh\nexec '${process.execPath}' '${file}' "$@"\n`);
    await chmod(at('bin', name), 0o755);
  }
  await mkdir(data(), { recursive: true });
});
afterEach(async () => {
  await server?.end();
  await original?.close();
  server = undefined;
  original = undefined;
  await rm(root, { recursive: true });
});

/** Makes a person with a folder of the original's client. */
async function person(name: string, publicPem: string): Promise<NewIdentity> {
  const identity = newIdentity();
  await mkdir(at(name));
  await writeFile(at(name, 'client_id.key'), identity.privatePem);
  await writeFile(at(name, 'known_server.pub'), publicPem);
  await writeFile(at(name, 'report.pdf'), `report of ${name}`);
  return identity;
}

function clientOf({ privatePem }: NewIdentity, port: number, serverPublicPem: string) {
  return new OriginalClient({ port, clientKeyPem: privatePem, serverPublicPem, timeout: 20_000 });
}

/** Runs lines of the page as somebody types them, and gives what they print. */
async function type(who: string, text: string): Promise<string> {
  const port = server?.port ?? original?.port ?? 0;
  const script = text
    .replaceAll('/srv/e2eeftp', data())
    .replaceAll('files.example.org', `127.0.0.1:${port}`);
  const { stdout } = await run('sh', ['-eu', '-c', script], {
    cwd: who === 'server' ? root : at(who),
    env: {
      ...keys,
      PATH: [at('bin'), process.env['PATH']].join(delimiter),
      HOME: at(who),
      ...(who === 'dave' && { E2EEFTP_SERVER: `127.0.0.1:${port}` }),
    },
    timeout: 30_000,
  });
  return stdout;
}

/** Runs the next block of the page, which starts the server when its last line does. */
async function play(who: string): Promise<string> {
  const block = page.next(who);
  const lines = block.trim().split('\n');
  if (!/^e2eeftp-server( --allow-v1(=read)?)? >> /u.test(lines.at(-1) ?? ''))
    return type(who, block);
  await server?.end();
  server = await FollowedServer.start({
    script: block.replaceAll('/srv/e2eeftp', data()),
    path: at('bin'),
    log: join(data(), 'e2eeftp.log'),
  });
  return '';
}

test('whoever follows the migration page gets where it leads', async () => {
  // What is there before: a server of the original, and three who use it.
  original = await startOriginalServer({ directory: data() });
  const { publicPem } = original;
  const alice = await person('alice', publicPem);
  const carol = await person('carol', publicPem);
  await writeFile(
    join(data(), 'authorized_clients.pub'),
    `# people\n${alice.publicBase64}\n${carol.publicBase64}\n`,
  );
  expect(await clientOf(alice, original.port, publicPem).send('old.txt', Buffer.from('old'))).toBe(
    '226|Transfer Complete',
  );
  await original.close();
  original = undefined;

  // 1. Start the new server in the old folder.
  const table = await play('server');
  for (const { publicKey } of [alice, carol]) {
    expect(table).toMatch(new RegExp(`-\\s+rw\\s+yes\\s+-\\s+${fingerprint(publicKey)}`, 'u'));
  }
  expect(await readFile(at('srv/e2eeftp.before/received/old.txt'), 'utf8')).toBe('old');
  await play('server');
  const v1 = (identity: NewIdentity): OriginalClient => clientOf(identity, server!.port, publicPem);
  expect(await v1(alice).get('old.txt')).toMatchObject({ content: Buffer.from('old') });
  expect(await v1(carol).send('carols.txt', Buffer.from('c'))).toBe('226|Transfer Complete');

  // 2. Alice moves, with a new key.
  const shown = await play('alice');
  const [aliceKey = ''] = (await type('alice', 'e2eeftp id')).split('\n');
  expect(shown).toContain(`\n${aliceKey}\n`);
  keys = { alices_new_key: aliceKey, alices_old_key: alice.publicBase64 };
  expect(await play('server')).toMatch(/^Authorized: alice, access rw, fingerprint/u);
  expect(await play('alice')).toMatch(/old\.txt/u);
  expect(await readFile(at('alice/old.txt'), 'utf8')).toBe('old');
  expect(await v1(alice).get('report.pdf')).toMatchObject({
    content: Buffer.from('report of alice'),
  });
  await play('server');
  await expect(v1(alice).list()).rejects.toMatchObject({ code: 'closed' });
  expect(await type('alice', 'e2eeftp ls plain:')).toContain('report.pdf');

  // Carol moves with her old one.
  keys = { carols_key: carol.publicBase64 };
  expect(await play('carol')).toMatch(/The server knows you[^]*report\.pdf/u);
  await play('server');
  await expect(v1(carol).list()).rejects.toMatchObject({ code: 'closed' });
  expect(await type('carol', 'e2eeftp ls plain:')).toContain('carols.txt');

  // Bob comes, with a client of the original.
  const bob = await person('bob', publicPem);
  keys = { bobs_key: bob.publicBase64 };
  expect(await play('server')).toMatch(/^Authorized: bob, access rw, first generation too/u);
  expect(await v1(bob).send('bobs.txt', Buffer.from('b'))).toBe('226|Transfer Complete');
  const recorded = await v1(bob).connect();
  await recorded.writeRaw(recorded.hello);
  await recorded.readHello();
  recorded.close();

  // 3. Watch who still comes by the first generation.
  await server!.until(/"command":"SEND","path":"received\/bobs.txt"/u);
  const watched = await play('server');
  for (const [identity, count] of [
    [alice, 2],
    [carol, 1],
    [bob, 1],
  ] as const) {
    const line = `^\\s*${count} "client":"${fingerprint(identity.publicKey)}"$`;
    expect(watched).toMatch(new RegExp(line, 'mu'));
  }
  expect(watched).toMatch(/^bob\s+rw\s+yes\s/mu);
  expect(watched).toMatch(/^alice\s+rw\s+-\s/mu);

  // 4. Let them only read.
  await play('server');
  expect(await v1(bob).get('old.txt')).toMatchObject({ content: Buffer.from('old') });
  expect(await v1(bob).delete('old.txt')).toBe('403|Not allowed');
  await type(
    'alice',
    `e2eeftp send --server 127.0.0.1:${server!.port} --server-key known_server.pub report.pdf plain:new.pdf`,
  );

  // 5. Turn it off.
  await play('server');
  await expect(v1(bob).list()).rejects.toMatchObject({ code: 'closed' });
  await server!.until(/refused a client of the protocol's first generation/u);

  // While another server is still the original.
  const directory = at('daves-server');
  original = await startOriginalServer({ directory });
  const dave = await person('dave', original.publicPem);
  await writeFile(join(directory, 'authorized_clients.pub'), dave.publicBase64);
  const following = server!;
  server = undefined;
  expect(await play('dave')).toBe('SEND\nGET\nLIST\nDELETE\nHLIST\nreport.pdf\n');
  expect(await readFile(at('dave/downloaded_report.pdf'), 'utf8')).toBe('report of dave');
  expect(await clientOf(dave, original.port, original.publicPem).list()).toMatchObject({
    body: '',
  });
  await original.close();
  original = undefined;
  server = following;

  // When somebody has recorded a hello of Bob's.
  const [bobsNewKey = ''] = (await play('bob')).split('\n');
  keys = { bobs_new_key: bobsNewKey };
  await play('server');
  await server.end();
  server = await FollowedServer.start({
    script: `cd ${data()}\ne2eeftp-server --allow-v1 >> e2eeftp.log`,
    path: at('bin'),
    log: join(data(), 'e2eeftp.log'),
  });
  const newBob = { ...bob, privatePem: await readFile(at('bob/client_id.key'), 'utf8') };
  expect(await v1(newBob).get('old.txt')).toMatchObject({ content: Buffer.from('old') });
  await expect(v1(bob).list()).rejects.toMatchObject({ code: 'closed' });
  expect(page.left()).toEqual([]);

  // And back: the original’s server finds everything.
  await server.end();
  server = undefined;
  expect((await stat(at('srv/e2eeftp/server_id.key'))).mode & 0o777).toBe(0o600);
  await writeFile(join(data(), 'authorized_clients.pub'), `${alice.publicBase64}\n`);
  original = await startOriginalServer({ directory: data() });
  const { body } = await clientOf(alice, original.port, publicPem).list();
  expect(body?.split('\n').sort()).toEqual([
    'bobs.txt',
    'carols.txt',
    'new.pdf',
    'old.txt',
    'report.pdf',
  ]);
}, 120_000);

test('a hello that somebody repeats is refused with the words of the page', async () => {
  const text = await readFile(
    new URL('../../../docs/migrating-from-v1.md', import.meta.url),
    'utf8',
  );
  const identity = newIdentity();
  await writeFile(join(data(), 'authorized_clients.pub'), identity.publicBase64);
  server = await FollowedServer.start({
    script: `cd ${data()}\ne2eeftp-server --allow-v1 >> e2eeftp.log`,
    path: at('bin'),
    log: join(data(), 'e2eeftp.log'),
  });
  const publicPem = await readFile(join(data(), 'known_server.pub'), 'utf8');
  const connection = await clientOf(identity, server.port, publicPem).connect();
  await connection.writeRaw(connection.hello);
  await connection.readHello();
  connection.close();
  const again = await clientOf(identity, server.port, publicPem).connect();
  await again.writeRaw(connection.hello);
  expect((await again.readAll()).length).toBe(0);
  again.close();
  const words = 'refused a hello that was used before: somebody may have recorded it';
  await server.until(new RegExp(words, 'u'));
  expect(text).toContain(words);
});
