// Listens, and echoes what comes.
import { listenTcp } from '../../dist/index.js';

async function echo(transport) {
  for (;;) {
    const chunk = await transport.read();
    if (!chunk) return;
    await transport.write([chunk]);
  }
}

const listener = await listenTcp({
  host: '127.0.0.1',
  port: 0,
  onConnection: (transport) => {
    echo(transport)
      .catch(() => undefined)
      .finally(() => transport.destroy());
  },
  onError: (error) => {
    throw error;
  },
});
process.stdout.write(`${listener.address.port}\n`);
