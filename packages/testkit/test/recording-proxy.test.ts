import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { RecordingProxy } from '../src/index.js';

let server: Server;
let proxy: RecordingProxy;

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await RecordingProxy.start({ port: (server.address() as AddressInfo).port });
});

afterEach(async () => {
  await proxy.close();
  server.close();
  await once(server, 'close');
});

async function echo(bytes: Uint8Array): Promise<Buffer> {
  const socket = connect(proxy.port, '127.0.0.1');
  socket.end(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

test('passes everything on, and keeps all of it, both ways', async () => {
  const large = Buffer.alloc(4 * 1024 * 1024, 'some more ');
  const said = Buffer.concat([Buffer.from('a word'), large, Buffer.from('the end')]);
  expect((await echo(said)).equals(said)).toBe(true);
  expect(proxy.bytes('up')).toBe(said.length);
  expect(proxy.bytes('down')).toBe(said.length);
  const wanted = new Map([
    ['first', Buffer.from('a word')],
    ['last', Buffer.from('the end')],
    ['across', Buffer.from('wordsome')],
    ['never', Buffer.from('another')],
  ]);
  expect(proxy.search(wanted)).toEqual(['first', 'last', 'across']);
});

test('what two connections said is no word together', async () => {
  await echo(Buffer.from('one half'));
  await echo(Buffer.from('the other'));
  expect(proxy.search(new Map([['both', Buffer.from('halfthe')]]))).toEqual([]);
});

test('ends with those that are still open', async () => {
  const socket = connect(proxy.port, '127.0.0.1');
  socket.write('hello');
  await once(socket, 'data');
  const ended = once(socket, 'close');
  await proxy.close();
  await ended;
  proxy = await RecordingProxy.start({ port: (server.address() as AddressInfo).port });
});
