// Copies file → TCP → file without any protection: the floor that encrypted transfers are held
// against.
import { createReadStream, createWriteStream } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { once } from 'node:events';
import { serveUntilEnd, timed } from './peer.mjs';

const readSize = { highWaterMark: 1024 * 1024 };
const [role, path, portText] = process.argv.slice(2);

/** A client's first byte says what it wants: to send or to get. */
const send = 's';
const get = 'g';

/**
 * Plays the role that the arguments name.
 *
 * @param {{highWaterMark?: number}} buffers of sockets and written files; by default Node's own
 */
export async function copy(buffers) {
  if (role === 'serve') await serve(path, buffers);
  if (role === 'send') {
    await timed(async () => {
      const socket = await connected(buffers);
      socket.write(send);
      await pipeline(createReadStream(path, readSize), socket);
      await once(socket, 'data');
      socket.destroy();
    });
  }
  if (role === 'get') {
    await timed(async () => {
      const socket = await connected(buffers);
      socket.end(get);
      await pipeline(socket, createWriteStream(path, buffers));
    });
  }
}

async function serve(directory, buffers) {
  const stored = join(directory, 'stored');
  const server = createServer({ allowHalfOpen: true, ...buffers }, (socket) => {
    answer(socket, stored, buffers).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await serveUntilEnd(server.address().port, () => server.close());
}

async function answer(socket, stored, buffers) {
  const [first] = await once(socket, 'data');
  socket.pause();
  if (first[0] === get.charCodeAt(0)) {
    await pipeline(createReadStream(stored, readSize), socket);
    return;
  }
  if (first.length > 1) socket.unshift(first.subarray(1));
  await pipeline(socket, createWriteStream(stored, buffers), { end: true });
  socket.end('k');
}

async function connected(buffers) {
  const socket = connect({
    port: Number(portText),
    host: '127.0.0.1',
    allowHalfOpen: true,
    ...buffers,
  });
  await once(socket, 'connect');
  return socket;
}
