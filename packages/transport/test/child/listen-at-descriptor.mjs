// Listens at the descriptor that its parent hands over, says how that went, and echoes one chunk of
// one connection.
import { listenTcp } from '../../dist/index.js';

try {
  const listener = await listenTcp({
    host: '192.0.2.1',
    port: 1,
    descriptor: 3,
    onConnection: (transport) => {
      transport
        .read()
        .then((chunk) => transport.write([Uint8Array.from(chunk)]))
        .then(() => transport.end())
        .then(() => listener.close());
    },
    onError: (error) => {
      throw error;
    },
  });
  process.stdout.write(`${JSON.stringify(listener.address)}\n`);
} catch ({ code, message }) {
  process.stdout.write(`${JSON.stringify({ code, message })}\n`);
}
