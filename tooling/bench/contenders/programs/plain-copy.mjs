// Copies file → TCP → file without any protection: serve FOLDER, send PORT FILE NAME, get PORT FILE
// NAME. A client says in a line what it wants, and gets a byte when a file was stored.
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const readSize = { highWaterMark: 2 ** 20 };
const [role, first, file, name] = process.argv.slice(2);

async function serve(folder) {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    answer(socket, folder).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.stdout.write(`${server.address().port}\n`);
}

async function answer(socket, folder) {
  const [chunk] = await once(socket, 'data');
  socket.pause();
  const end = chunk.indexOf('\n');
  const [want, ...words] = chunk.toString('utf8', 0, end).split(' ');
  const path = join(folder, words.join(' '));
  if (want === 'get') return pipeline(createReadStream(path, readSize), socket);
  if (end + 1 < chunk.length) socket.unshift(chunk.subarray(end + 1));
  await pipeline(socket, createWriteStream(path), { end: true });
  socket.end('k');
}

async function ask(port, want) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  socket.write(`${want} ${name}\n`);
  return socket;
}

if (role === 'serve') await serve(first);
if (role === 'send') {
  const socket = await ask(Number(first), 'send');
  await pipeline(createReadStream(file, readSize), socket);
  await once(socket, 'data');
  socket.destroy();
}
if (role === 'get') {
  const socket = await ask(Number(first), 'get');
  socket.end();
  await pipeline(socket, createWriteStream(file));
}
