// A link of some length: what goes in at one end comes out at the other a while later.
import { connect, createServer } from 'node:net';
import { once } from 'node:events';

/** Bytes on their way in one direction: what a link of 2.5 Gbit/s holds in 50 ms. */
const capacity = 16 * 2 ** 20;

/**
 * Starts a proxy on 127.0.0.1 that delays each direction, and takes as much as a fast link holds.
 *
 * @param {number} port where the server is
 * @param {number} milliseconds how long each direction takes
 * @returns {Promise<{port: number, stop: () => Promise<void>}>}
 */
export async function startDelayProxy(port, milliseconds) {
  const sockets = new Set();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    breakTogether(near, far);
    breakTogether(far, near);
    delayed(near, far, milliseconds);
    delayed(far, near, milliseconds);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What ended well may still have something on its way to the other side. */
function breakTogether(one, other) {
  one.on('error', () => other.destroy());
  one.once('close', () => {
    if (!one.readableEnded) other.destroy();
  });
}

/** One timer for all that is on its way: one for each chunk would cost more than the copying. */
function delayed(from, to, milliseconds) {
  const waiting = [];
  let bytes = 0;
  let timer;
  const adjust = () => {
    if (bytes < capacity && to.writableLength < capacity) from.resume();
    else from.pause();
  };
  const arrive = () => {
    timer = undefined;
    const now = performance.now();
    to.cork();
    while (waiting.length > 0 && waiting[0].due <= now) {
      const { chunk } = waiting.shift();
      if (chunk === undefined) to.end();
      else to.write(chunk);
      bytes -= chunk?.length ?? 0;
    }
    to.uncork();
    adjust();
    if (waiting.length > 0) timer = setTimeout(arrive, waiting[0].due - now);
  };
  const depart = (chunk) => {
    waiting.push({ chunk, due: performance.now() + milliseconds });
    bytes += chunk?.length ?? 0;
    timer ??= setTimeout(arrive, milliseconds);
    adjust();
  };
  from.on('data', depart);
  from.once('end', () => depart(undefined));
  to.on('drain', adjust);
  to.once('close', () => clearTimeout(timer));
}
