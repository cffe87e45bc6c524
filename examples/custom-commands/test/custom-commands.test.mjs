import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { connect, parseIdentity, parsePublicKey } from '@e2eeftp/client';
import {
  newIdentity,
  OriginalClient,
  renameCommand,
  startOriginalServer,
  statCommand,
} from '@e2eeftp/original-peer';

const program = fileURLToPath(new URL('../server.mjs', import.meta.url));

let folder;
let server;
let port;
let alice;
let current;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2eeftp-example-'));
  alice = newIdentity();
  await writeFile(join(folder, 'authorized_clients.pub'), `${alice.publicBase64}\n`);
  await mkdir(join(folder, 'received'));
  server = spawn(process.execPath, [program, '0', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    port = Number(/^port (\d+), fingerprint (?:[A-Z2-7]{5}-?){4}$/.exec(line)?.[1]);
    if (port > 0) break;
  }
  server.stdout.resume();
});
afterEach(async () => {
  await current?.close();
  current = undefined;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  await rm(folder, { recursive: true });
});

const received = (name) => join(folder, 'received', name);

async function original(privatePem = alice.privatePem) {
  const serverPublicPem = await readFile(join(folder, 'known_server.pub'), 'utf8');
  return new OriginalClient({ port, clientKeyPem: privatePem, serverPublicPem, timeout: 20_000 });
}

/** What a client of the first generation reads. */
async function ask(line, privatePem) {
  const client = await original(privatePem);
  return (await client.exchange(line)).answer.toString();
}

async function client() {
  const known = parsePublicKey(await readFile(join(folder, 'known_server.pub'), 'utf8'));
  const identity = parseIdentity(alice.privatePem);
  current = await connect({ host: '127.0.0.1', port, identity, server: known });
  return current;
}

/** What a client of the second generation hears instead of a result: its code, and the words. */
async function refusal(work) {
  const error = await work.then(
    () => undefined,
    (thrown) => thrown,
  );
  return { code: error?.code, words: /\((\d+ [^)]*)\)$/.exec(error?.message)?.[1] };
}

describe('clients of the first generation', () => {
  test('rename', async () => {
    await writeFile(received('old name'), 'content');
    expect(await ask('RENAME|old name|new name')).toBe('200|File renamed successfully\n');
    expect(await readdir(join(folder, 'received'))).toEqual(['new name']);
    expect(await ask('RENAME|old name|other')).toBe('404|Source file not found\n');
    await writeFile(received('other'), 'kept');
    expect(await ask('rename|new name|other')).toBe('409|Destination file already exists\n');
    expect(await readFile(received('other'), 'utf8')).toBe('kept');
    expect(await readFile(received('new name'), 'utf8')).toBe('content');
  });

  test('look at files', async () => {
    await writeFile(received('f'), 'content');
    await utimes(received('f'), 1_700_000_000.999, 1_700_000_000.999);
    expect(await ask('STAT|f')).toBe('200|7|1700000000\n');
    expect(await ask('STAT|none')).toBe('404|File not found\n');
  });

  test('hear what the original’s own example says', async () => {
    const directory = join(folder, 'original');
    await mkdir(join(directory, 'received'), { recursive: true });
    await writeFile(join(directory, 'authorized_clients.pub'), `${alice.publicBase64}\n`);
    const commands = { RENAME: renameCommand, STAT: statCommand };
    const example = await startOriginalServer({ directory, commands });
    try {
      const { port: itsPort, publicPem: serverPublicPem } = example;
      const options = { clientKeyPem: alice.privatePem, timeout: 20_000 };
      const theirs = new OriginalClient({ port: itsPort, serverPublicPem, ...options });
      for (const place of [received('f'), join(directory, 'received/f')]) {
        await writeFile(place, 'content');
        await utimes(place, 1_600_000_000.5, 1_600_000_000.5);
      }
      for (const line of [
        'STAT|f',
        'STAT|none',
        'STAT',
        'RENAME|none|g',
        'RENAME|f|g',
        'STAT|g',
        'STAT|f',
        'RENAME|f|h',
        'RENAME|g|g',
        'RENAME|g',
        'RENAME',
        'rename|g|with space',
        'stat|with space',
      ]) {
        const { answer } = await theirs.exchange(line);
        expect({ line, answer: await ask(line) }).toEqual({ line, answer: answer.toString() });
      }
    } finally {
      await example.close();
    }
  });

  test('cannot leave the folder', async () => {
    await writeFile(received('f'), 'content');
    for (const line of [
      'STAT|../server_id.key',
      'STAT|/etc/passwd',
      'RENAME|f|../f',
      'RENAME|../server_id.key|f',
      'RENAME|f',
      'RENAME|f|g|h',
      'STAT',
    ]) {
      expect(await ask(line)).toBe('400|Malformed request\n');
    }
    expect(await readdir(join(folder, 'received'))).toEqual(['f']);
  });

  test('may only look when their key says so', async () => {
    const reader = newIdentity();
    const line = `${reader.publicBase64} access=ro v1\n`;
    await writeFile(join(folder, 'authorized_clients.pub'), line);
    await writeFile(received('f'), 'content');
    expect(await ask('RENAME|f|g', reader.privatePem)).toBe('403|Not allowed\n');
    expect(await ask('STAT|f', reader.privatePem)).toMatch(/^200\|7\|\d+\n$/);
  });

  test('find the words in the list', async () => {
    const { line, body } = await (await original()).hlist();
    expect(body.split('\n')).toEqual(['SEND', 'GET', 'LIST', 'DELETE', 'HLIST', 'STAT', 'RENAME']);
    expect(line).toBe(`200|${body.length}`);
  });
});

describe('clients of the second generation', () => {
  test('rename, and hear the same words', async () => {
    const alices = await client();
    const rename = (...args) => alices.rename(...args);
    await writeFile(received('f'), 'content');
    await writeFile(received('other'), 'replaced');
    expect(await refusal(rename('received/none', 'received/g'))).toEqual({
      code: 'not-found',
      words: '404 Source file not found',
    });
    expect(await refusal(rename('received/f', 'received/other'))).toEqual({
      code: 'conflict',
      words: '409 Destination file already exists',
    });
    await rename('received/f', 'received/other', { overwrite: 'always' });
    await rename('received/other', 'received/folder/g');
    expect(await readFile(received('folder/g'), 'utf8')).toBe('content');
  });

  test('replace a file only while it is the one that they saw', async () => {
    const alices = await client();
    const send = (content, path) => alices.send(Buffer.from(content), path);
    await send('content', 'received/f');
    const { etag } = await send('first', 'received/g');
    const { etag: now } = await send('second', 'received/g');
    const rename = (overwrite) => alices.rename('received/f', 'received/g', { overwrite });
    expect(await refusal(rename({ etag }))).toMatchObject({ code: 'conflict' });
    expect((await alices.stat('received/g')).etag).toBe(now);
    await rename({ etag: now });
    expect(await readFile(received('g'), 'utf8')).toBe('content');
  });

  test('look at files and folders, and hear the same words', async () => {
    const alices = await client();
    const stat = (path) => alices.stat(path);
    await writeFile(received('f'), 'content');
    expect(await stat('received/f')).toMatchObject({ path: 'received/f', type: 'file', size: 7 });
    expect(await stat('received')).toMatchObject({ type: 'directory' });
    expect(await refusal(stat('received/none'))).toEqual({
      code: 'not-found',
      words: '404 File not found',
    });
  });

  test('find the words in the list', async () => {
    const commands = await (await client()).commands();
    expect(commands).toContainEqual({ name: 'RENAME', summary: 'Gives a file another name' });
    expect(commands.filter(({ name }) => name === 'STAT')).toHaveLength(1);
  });
});
