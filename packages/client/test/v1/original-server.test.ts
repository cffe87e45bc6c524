import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { payloadLength, renameCommand, statCommand } from '@e2eeftp/original-peer';
import { describe, expect, test } from '@jest/globals';

import { fingerprint, Identity, UntrustedServerError, V1Client } from '../../src/index.js';
import type { Progress } from '../../src/index.js';
import { failureOf, makeFolder } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { startOriginal } from './support.js';

expectNoUnhandledRejections();

const sizes = [0, 1, 15, 16, 17, 65_536, 5 * 1024 * 1024];

describe('a file', () => {
  test.each(sizes)('of %d bytes goes there and back', async (size) => {
    const { client, content, server, stored } = await startOriginal();
    const folder = await makeFolder();
    const bytes = randomBytes(size);
    await writeFile(join(folder, 'source'), bytes);
    expect(await client.send(join(folder, 'source'), 'file')).toEqual({ size });
    expect((await content('file')).equals(bytes)).toBe(true);
    expect(server.connections.at(-1)?.line).toBe(`SEND|file|${payloadLength(size)}`);

    expect(await client.get('file', join(folder, 'target'))).toEqual({ size });
    expect((await readFile(join(folder, 'target'))).equals(bytes)).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(['source', 'target']);

    await client.send(bytes, 'bytes');
    expect((await content('bytes')).equals(bytes)).toBe(true);
    const parts = [bytes.subarray(0, size >> 1), bytes.subarray(size >> 1)];
    await client.send(Readable.from(parts), 'stream', { size });
    expect((await content('stream')).equals(bytes)).toBe(true);
    const output = new PassThrough();
    const received = buffer(output);
    expect(await client.get('stream', output)).toEqual({ size });
    // Its owner ends it, and nobody else.
    output.end();
    expect((await received).equals(bytes)).toBe(true);
    expect(await stored()).toEqual(['bytes', 'file', 'stream']);
  });

  test.each([
    'two words.txt',
    ' leading',
    'Überraschung – 猫 🐈.txt',
    'e\u0301 combining',
    '100%',
    '-n',
    '.hidden',
    '.e2eeftp',
    "it's",
    'x'.repeat(255),
    'SEND',
  ])('can be called %j', async (name) => {
    const { client, stored } = await startOriginal();
    await client.send(Buffer.from('abc'), name);
    expect(await stored()).toEqual([name]);
    expect(await client.list()).toEqual([name]);
    const output = new PassThrough();
    await client.get(name, output);
    expect(output.read()).toEqual(Buffer.from('abc'));
    await client.remove(name);
    expect(await client.list()).toEqual([]);
  });

  test.each([
    '',
    '.',
    '..',
    '/',
    'a/b',
    '/etc/passwd',
    '../a',
    'a\\b',
    'a|b',
    'a\nb',
    'a\0',
    'trailing ',
    '\uD800',
    'x'.repeat(256),
  ])('cannot be called %j, and nobody is asked', async (name) => {
    const { client, server } = await startOriginal();
    const folder = await makeFolder();
    expect((await failureOf(client.send(Buffer.from('abc'), name))).code).toBe('bad-name');
    expect((await failureOf(client.get(name, join(folder, 'a')))).code).toBe('bad-name');
    expect((await failureOf(client.remove(name))).code).toBe('bad-name');
    expect(server.connections).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('replaces an older one, or is a conflict', async () => {
    const { client, content, server, store } = await startOriginal();
    const target = join(await makeFolder(), 'target');
    await store('file', Buffer.from('a longer older one'));
    await client.send(Buffer.from('new'), 'file');
    expect((await content('file')).toString()).toBe('new');
    await writeFile(target, 'a longer older one');
    const asked = server.connections.length;
    const { code } = await failureOf(client.get('file', target, { overwrite: 'never' }));
    expect(code).toBe('conflict');
    expect(server.connections).toHaveLength(asked);
    const other = `${target}2`;
    const onProgress = (): void => {
      // Another program was faster.
      writeFileSync(other, 'other');
    };
    const late = await failureOf(client.get('file', other, { overwrite: 'never', onProgress }));
    expect(late.code).toBe('conflict');
    expect(await readFile(other, 'utf8')).toBe('other');
    await client.get('file', `${target}3`, { overwrite: 'never' });
    expect(await readFile(`${target}3`, 'utf8')).toBe('new');
    expect(await readFile(target, 'utf8')).toBe('a longer older one');
    await client.get('file', target);
    expect(await readFile(target, 'utf8')).toBe('new');
  });

  test('that is not there is not found', async () => {
    const { client } = await startOriginal();
    const folder = await makeFolder();
    const failure = await failureOf(client.get('missing', join(folder, 'a')));
    expect(failure).toMatchObject({ code: 'not-found' });
    expect(failure.message).toContain('missing');
    expect((await failureOf(client.get('missing', new PassThrough()))).code).toBe('not-found');
    expect((await failureOf(client.remove('missing'))).code).toBe('not-found');
    expect(await readdir(folder)).toEqual([]);
  });

  test('gets the time of its arrival', async () => {
    const { client } = await startOriginal();
    const folder = await makeFolder();
    await writeFile(join(folder, 'source'), 'abc');
    await utimes(join(folder, 'source'), 1, 1);
    await client.send(join(folder, 'source'), 'a');
    await client.get('a', join(folder, 'target'));
    expect((await stat(join(folder, 'target'))).mtimeMs).toBeGreaterThan(1e12);
  });
});

test('twenty at once do not disturb each other', async () => {
  const { client } = await startOriginal();
  const folder = await makeFolder();
  const files = Array.from({ length: 20 }, (_, index) => ({
    name: `file ${index}`,
    bytes: randomBytes(index * 33_333),
  }));
  await Promise.all(files.map(({ name, bytes }) => client.send(bytes, name)));
  const [names] = await Promise.all([
    client.list(),
    ...files.map(({ name }) => client.get(name, join(folder, name))),
  ]);
  expect(names.sort()).toEqual(files.map(({ name }) => name).sort());
  for (const { name, bytes } of files) {
    expect((await readFile(join(folder, name))).equals(bytes)).toBe(true);
  }
});

test('progress is told up to the end', async () => {
  const { client } = await startOriginal();
  const bytes = randomBytes(1_000_003);
  const heard: Progress[] = [];
  const onProgress = (progress: Progress): void => {
    heard.push(progress);
  };
  await client.send(bytes, 'a', { onProgress });
  expect(heard.length).toBeGreaterThan(2);
  expect(heard.at(-1)).toEqual({ transferred: bytes.length, total: bytes.length });
  heard.length = 0;
  await client.get('a', join(await makeFolder(), 'a'), { onProgress });
  expect(heard.at(-1)).toEqual({ transferred: bytes.length, total: bytes.length });
  for (const [index, { transferred, total = 0 }] of heard.entries()) {
    expect(transferred).toBeGreaterThanOrEqual(heard[index - 1]?.transferred ?? 0);
    expect(total - bytes.length).toBeGreaterThanOrEqual(0);
    expect(total - bytes.length).toBeLessThan(16);
  }
});

describe('commands', () => {
  test('are listed, those of the owner too', async () => {
    const { client } = await startOriginal({ commands: { STAT: statCommand, BROKEN: null } });
    const words = await client.commands();
    expect(words).toEqual(['SEND', 'GET', 'LIST', 'DELETE', 'HLIST', 'STAT', 'BROKEN']);
  });

  test('of the owner can be used', async () => {
    const { client, store, stored } = await startOriginal({
      commands: { RENAME: renameCommand, STAT: statCommand, BROKEN: null },
    });
    await store('a', Buffer.from('abc'));
    const answer = await client.request('rename', ['a', 'b']);
    expect(answer).toEqual({ status: 200, text: 'File renamed successfully' });
    expect(await stored()).toEqual(['b']);
    const { status, text } = await client.request('STAT', ['b']);
    expect(status).toBe(200);
    expect(text).toMatch(/^3\|\d+$/u);
    await store('a', Buffer.from('abc'));
    expect((await failureOf(client.request('RENAME', ['a', 'b']))).code).toBe('conflict');
    expect((await failureOf(client.request('RENAME', ['x', 'y']))).code).toBe('not-found');
    expect((await failureOf(client.request('RENAME', ['a']))).code).toBe('bad-request');
    expect((await failureOf(client.request('BROKEN', []))).code).toBe('server-failed');
    expect((await failureOf(client.request('NONE', []))).code).toBe('bad-request');
  });

  test('carry no second line and no further field', async () => {
    const { client, server, stored, store } = await startOriginal();
    await store('a', Buffer.from('abc'));
    for (const field of ['x\nDELETE|a', 'x|a', 'x '.repeat(5000)]) {
      expect((await failureOf(client.request('STAT', [field]))).code).toBe('bad-name');
      expect((await failureOf(client.request(field, []))).code).toBe('bad-name');
    }
    expect(server.connections).toEqual([]);
    expect(await stored()).toEqual(['a']);
  });
});

describe('trust', () => {
  test('a client that is not authorized learns what to do', async () => {
    const { options, server, stored } = await startOriginal();
    const identity = Identity.generate();
    const client = new V1Client({ ...options, identity });
    const failure = await failureOf(client.send(Buffer.from('abc'), 'a'));
    expect(failure.code).toBe('not-authorized');
    expect(failure.message).toContain(fingerprint(identity.publicKey));
    expect(failure.message).toContain(server.connections[0]?.identity);
    expect(failure.message).toContain('--allow-v1');
    expect(await stored()).toEqual([]);
  });

  test('another server gets no command', async () => {
    const { options, server } = await startOriginal();
    const expected = Identity.generate().publicKey;
    const failure = await failureOf(new V1Client({ ...options, server: expected }).list());
    expect(failure).toBeInstanceOf(UntrustedServerError);
    expect(failure.code).toBe('changed-server');
    const decide = (): void => {
      throw new RangeError('not this one');
    };
    const refused = await failureOf(new V1Client({ ...options, server: decide }).list());
    expect(refused).toMatchObject({ code: 'unknown-server', message: 'not this one' });
    expect(server.connections).toHaveLength(2);
    expect(server.connections.map(({ line }) => line)).toEqual([undefined, undefined]);
  });

  test('a function decides about the key that the server proved', async () => {
    const { options } = await startOriginal();
    const proved: Uint8Array[] = [];
    const client = new V1Client({ ...options, server: (key) => proved.push(key) });
    await client.list();
    expect(proved).toEqual([options.server]);
  });
});

test('where nobody listens, nothing answers', async () => {
  const { options, server } = await startOriginal();
  await server.close();
  expect((await failureOf(new V1Client(options).list())).code).toBe('unreachable');
});
