import { once } from 'node:events';
import { createServer } from 'node:net';

import { builtinCommands } from './commands.mjs';
import { derive, handshakeHello, helloLength, isSigned, parseHello } from './crypto.mjs';
import { OriginalPeerError } from './error.mjs';
import { authorizedClients, openDirectory } from './server-files.mjs';
import { SocketReader, withDeadline } from './socket-reader.mjs';

const honest = {
  helloReply: (hello) => hello,
  answerLine: (line) => line,
  tamper: (payload) => payload,
  stopAfter: Infinity,
  hang: false,
};

/**
 * Starts a server as the original is one, on a port that the system chooses; with hooks, it turns
 * into a hostile one.
 *
 * @param {object} options `directory`, the owner's `commands`, `timeout` in milliseconds for each
 *   wait, and the hooks, all of which index.d.mts describes
 */
export async function startOriginalServer({
  directory,
  commands = {},
  timeout = 60_000,
  host = '127.0.0.1',
  ...hooks
}) {
  const files = await openDirectory(directory);
  const warnings = [];
  const connections = [];
  const serving = new Map();
  const context = {
    ...files,
    directory,
    timeout,
    commands: { ...builtinCommands, ...commands },
    hooks: { ...honest, ...hooks },
    warn: (warning) => warnings.push(warning),
  };

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const asked = {};
    connections.push(asked);
    const served = serve(socket, asked, context)
      .catch((error) => (asked.error = error))
      .finally(() => {
        socket.destroy();
        serving.delete(socket);
      });
    serving.set(socket, served);
  });
  server.listen(0, host);
  await once(server, 'listening');

  return {
    port: server.address().port,
    connections,
    warnings,
    publicPem: files.publicPem,
    async close() {
      const closed = once(server, 'close');
      server.close();
      const open = [...serving];
      for (const [socket] of open) socket.destroy();
      await Promise.all(open.map(([, served]) => served));
      await closed;
    },
  };
}

/** One connection: a handshake, a command, and the end. */
async function serve(socket, asked, context) {
  const { hooks, timeout } = context;
  const reader = new SocketReader(socket, timeout);
  const keys = await handshake(socket, reader, asked, context);
  const line = await reader.takeLine();
  asked.line = line.toString('utf8');
  const answer = await answerTo(line, { reader, asked, keys, context });
  if (answer !== undefined) {
    const answerLine = Buffer.from(hooks.answerLine(`${answer.line}\n`));
    const body = answer.body === undefined ? [] : [hooks.tamper(answer.body)];
    socket.write(Buffer.concat([answerLine, ...body]).subarray(0, hooks.stopAfter));
  }
  if (!hooks.hang) socket.end();
  // Closing at once could take the answer away from a client that still sends.
  if (socket.destroyed) return;
  await withDeadline(once(socket, 'close'), timeout, 'the client to close');
}

async function handshake(socket, reader, asked, { directory, privatePem, hooks, warn }) {
  const length = await reader.take(4);
  if (length.readUInt32BE() !== helloLength) {
    throw new OriginalPeerError('bad-hello', "A hello's length is 128");
  }
  asked.hello = Buffer.concat([length, await reader.take(helloLength)]);
  const parsed = parseHello(asked.hello);
  const client = parsed.identity.toString('base64');
  asked.identity = client;
  if (!(await authorizedClients(directory, warn)).has(client)) {
    throw new OriginalPeerError('unauthorized', `${client} is not in authorized_clients.pub`);
  }
  if (!isSigned(parsed)) {
    throw new OriginalPeerError('bad-signature', "The client's hello is not signed by it");
  }
  const { bytes, ephemeral } = handshakeHello(privatePem);
  const keys = derive(ephemeral, parsed.ephemeral);
  socket.write(hooks.helloReply(bytes));
  return keys;
}

async function answerTo(line, { reader, asked, keys, context }) {
  const { commands, received } = context;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
    const [word, ...fields] = text.trim().split('|');
    const command = word.toUpperCase();
    if (!Object.hasOwn(commands, command)) return { line: '400|Invalid Command' };
    const handler = commands[command];
    if (typeof handler !== 'function') return { line: '500|Server Misconfigured' };
    return await handler({ fields, received, keys, commands, takePayload });
  } catch (error) {
    const isMalformed =
      error.code === 'malformed' || error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
    if (isMalformed) return { line: '400|Malformed request' };
    throw error;
  }

  /** A payload that stops short is none. */
  async function takePayload(length) {
    try {
      asked.payload = await reader.take(length);
    } catch (error) {
      if (error.code !== 'closed') throw error;
      asked.error = error;
    }
    return asked.payload;
  }
}
