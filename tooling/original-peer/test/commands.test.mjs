import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { openPayload, payloadLength, renameCommand, sealPayload, statCommand } from '../index.mjs';
import { withServer } from './folder.mjs';

const sizes = [0, 1, 15, 16, 17, 65536];

test.each(sizes)('%d bytes go there and come back', async (size) => {
  await withServer({}, async ({ client, server, received }) => {
    const file = randomBytes(size);
    expect(await client.send('file', file)).toBe('226|Transfer Complete');
    expect(await readFile(join(received, 'file'))).toEqual(file);
    const { line, content } = await client.get('file');
    expect(line).toBe(`200|${payloadLength(size)}`);
    expect(content).toEqual(file);
    expect(server.connections.map((asked) => asked.line)).toEqual([
      `SEND|file|${payloadLength(size)}`,
      'GET|file',
    ]);
    expect(server.connections[0].payload).toHaveLength(payloadLength(size));
  });
});

test.each(['two words.txt', 'Übergrößenträger.txt', '報告 2.pdf', 'a.b.c', '-rf'])(
  'a file named %s',
  async (name) => {
    await withServer({}, async ({ client, received }) => {
      const file = Buffer.from(name);
      expect(await client.send(name, file)).toBe('226|Transfer Complete');
      expect(await readdir(received)).toEqual([name]);
      expect(await client.get(name)).toMatchObject({ content: file });
      const body = name;
      expect(await client.list()).toEqual({ line: `200|${Buffer.byteLength(name)}`, body });
      expect(await client.delete(name)).toBe('200|File deleted');
      expect(await client.list()).toEqual({ line: '200|0', body: '' });
    });
  },
);

test('a list parts names by ends of lines, and nothing else', async () => {
  await withServer({}, async ({ client }) => {
    for (const name of ['b', 'a']) await client.send(name, Buffer.alloc(1));
    const { line, body } = await client.list();
    expect(line).toBe('200|3');
    expect(body.split('\n').sort()).toEqual(['a', 'b']);
  });
});

test.each([
  ['GET|nothing', '404|File not found: nothing\n'],
  ['GET|a folder', '500|Server Read Error\n'],
  ['GET', '400|Malformed request\n'],
  ['DELETE|nothing', '404|File not found\n'],
  ['DELETE', '400|Malformed request\n'],
  ['SEND|name', '400|Malformed request\n'],
  ['SEND|name|many', '400|Malformed request\n'],
  ['SEND|name|', '400|Malformed request\n'],
  ['SEND|name|0', '500|Decryption Failed\n'],
  ['EXIT', '400|Invalid Command\n'],
  ['', '400|Invalid Command\n'],
  ['constructor', '400|Invalid Command\n'],
  [' \t hlist \r', '200|26\nSEND\nGET\nLIST\nDELETE\nHLIST'],
])('%j is answered %j', async (line, expected) => {
  await withServer({}, async ({ client, received }) => {
    await mkdir(join(received, 'a folder'));
    const { answer } = await client.exchange(line);
    expect(answer.toString()).toBe(expected);
    expect(await readdir(received)).toEqual(['a folder']);
  });
});

test('a payload that was altered is not stored', async () => {
  await withServer({}, async ({ client, received }) => {
    const { answer } = await client.exchange('SEND|file|64', (keys) => {
      const payload = sealPayload(keys, Buffer.from('text'));
      payload[20] ^= 1;
      return payload;
    });
    expect(answer.toString()).toBe('500|Decryption Failed\n');
    expect(await readdir(received)).toEqual([]);
  });
});

test('a payload that stops short gets no answer and is not stored', async () => {
  await withServer({}, async ({ client, received }) => {
    const connection = await client.connect();
    await connection.writeRaw(connection.hello);
    await connection.readHello();
    const payload = sealPayload(connection.keys, Buffer.from('text'));
    await connection.writeRaw(Buffer.from(`SEND|file|${payload.length}\n`));
    await connection.writeRaw(payload.subarray(0, -1));
    connection.socket.end();
    expect(await connection.readAll()).toHaveLength(0);
    connection.close();
    expect(await readdir(received)).toEqual([]);
  });
});

test('a name leads nowhere else', async () => {
  await withServer({}, async ({ client, directory, received }) => {
    await client.send('../../outside', Buffer.from('text'));
    expect(await readdir(received)).toEqual(['outside']);
    expect(await client.exchange('GET|../server_id.key')).toMatchObject({
      answer: Buffer.from('404|File not found: ../server_id.key\n'),
    });
    expect(await readdir(directory)).toHaveLength(4);
  });
});

test("an owner's commands", async () => {
  const commands = { RENAME: renameCommand, STAT: statCommand, BROKEN: 'nothing' };
  await withServer({ commands }, async ({ client, received }) => {
    const ask = async (line) => (await client.exchange(line)).answer.toString();
    await client.send('old', Buffer.alloc(17));
    await client.send('other', Buffer.alloc(1));
    expect(await ask('RENAME|old')).toBe('400|Malformed request\n');
    expect(await ask('RENAME|nothing|new')).toBe('404|Source file not found\n');
    expect(await ask('RENAME|old|other')).toBe('409|Destination file already exists\n');
    expect(await ask('rename|old|new')).toBe('200|File renamed successfully\n');
    expect((await readdir(received)).sort()).toEqual(['new', 'other']);
    const { mtimeMs } = await stat(join(received, 'new'));
    expect(await ask('STAT|new')).toBe(`200|17|${Math.floor(mtimeMs / 1000)}\n`);
    expect(await ask('STAT|old')).toBe('404|File not found\n');
    expect(await ask('BROKEN')).toBe('500|Server Misconfigured\n');
    const { body } = await client.hlist();
    expect(body.split('\n')).toEqual(expect.arrayContaining(['SEND', 'RENAME', 'STAT']));
  });
});

test('both directions use the same keys: what was got can be sent', async () => {
  await withServer({}, async ({ client, received }) => {
    await writeFile(join(received, 'file'), 'text');
    const { answer, keys } = await client.exchange('GET|file');
    expect(openPayload(keys, answer.subarray(answer.indexOf('\n') + 1)).toString()).toBe('text');
  });
});
