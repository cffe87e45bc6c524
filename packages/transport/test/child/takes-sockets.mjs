// Takes the connections that its parent hands over, says from where they come, and sends back what
// it reads from them.
import { acceptSocket } from '../../dist/index.js';

process.on('message', (_message, socket) => {
  if (!socket) {
    process.send({ peer: null });
    return;
  }
  void echo(acceptSocket(socket));
});
process.send({ peer: null });

async function echo(transport) {
  process.send({ peer: transport.peer });
  try {
    for (let chunk = await transport.read(); chunk; chunk = await transport.read()) {
      // What is written must not change; what was read does, with the next read.
      await transport.write([Uint8Array.from(chunk)]);
    }
    await transport.end();
  } catch {
    transport.destroy();
  }
}
