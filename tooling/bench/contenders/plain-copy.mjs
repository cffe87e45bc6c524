// The floor that encrypted transfers are held against: file → TCP → file, 1 MiB at a time.
import { createReadStream, createWriteStream } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { once } from 'node:events';
import { serveUntilEnd, timed } from './peer.mjs';

const highWaterMark = 1024 * 1024;
const [role, path, portText] = process.argv.slice(2);

/** A client's first byte says what it wants: to send or to get. */
const send = 's';
const get = 'g';

async function serve(directory) {
  const stored = join(directory, 'stored');
  const server = createServer({ allowHalfOpen: true, highWaterMark }, (socket) => {
    answer(socket, stored).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await serveUntilEnd(server.address().port, () => server.close());
}

async function answer(socket, stored) {
  const [first] = await once(socket, 'data');
  socket.pause();
  if (first[0] === get.charCodeAt(0)) {
    await pipeline(createReadStream(stored, { highWaterMark }), socket);
    return;
  }
  if (first.length > 1) socket.unshift(first.subarray(1));
  await pipeline(socket, createWriteStream(stored, { highWaterMark }), { end: true });
  socket.end('k');
}

async function connected() {
  const socket = connect({
    port: Number(portText),
    host: '127.0.0.1',
    allowHalfOpen: true,
    highWaterMark,
  });
  await once(socket, 'connect');
  return socket;
}

if (role === 'serve') await serve(path);
if (role === 'send') {
  await timed(async () => {
    const socket = await connected();
    socket.write(send);
    await pipeline(createReadStream(path, { highWaterMark }), socket);
    await once(socket, 'data');
    socket.destroy();
  });
}
if (role === 'get') {
  await timed(async () => {
    const socket = await connected();
    socket.end(get);
    await pipeline(socket, createWriteStream(path, { highWaterMark }));
  });
}
