import { once } from 'node:events';
import { connect } from 'node:net';

import {
  derive,
  handshakeHello,
  helloLength,
  isSigned,
  openPayload,
  parseHello,
  payloadLength,
  publicKeyOfPem,
  sealPayload,
} from './crypto.mjs';
import { OriginalPeerError } from './error.mjs';
import { SocketReader, withDeadline } from './socket-reader.mjs';

export { handshakeHello } from './crypto.mjs';

const lineEnd = Buffer.from('\n');

/** One connection, on which nothing is sent but what the caller writes. */
class OriginalConnection {
  #reader;
  #timeout;
  #ephemeral;
  #serverIdentity;

  constructor(socket, { bytes, ephemeral }, serverIdentity, timeout) {
    this.socket = socket;
    this.hello = bytes;
    this.keys = undefined;
    this.#ephemeral = ephemeral;
    this.#serverIdentity = serverIdentity;
    this.#timeout = timeout;
    this.#reader = new SocketReader(socket, timeout);
  }

  async writeRaw(bytes) {
    const written = new Promise((resolve, reject) => {
      this.socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    await withDeadline(written, this.#timeout, 'the peer to read');
  }

  /** Reads the server's hello, checks it as the original does, and derives the keys. */
  async readHello() {
    const bytes = await this.#reader.take(4 + helloLength);
    const parsed = parseHello(bytes);
    if (!parsed.identity.equals(this.#serverIdentity)) {
      throw new OriginalPeerError('untrusted', 'The server is not the one in known_server.pub');
    }
    if (!isSigned(parsed)) {
      throw new OriginalPeerError('bad-signature', "The server's hello is not signed by it");
    }
    this.keys = derive(this.#ephemeral, parsed.ephemeral);
    return { bytes, ...parsed };
  }

  readAll() {
    return this.#reader.takeAll();
  }

  close() {
    this.socket.destroy();
  }
}

/** A client as the original is one: a connection, a handshake and a command at a time. */
export class OriginalClient {
  #address;
  #clientKeyPem;
  #serverIdentity;
  #timeout;

  /** @param {object} options whom to reach, and who is who; `timeout` in milliseconds for each wait */
  constructor({ host = '127.0.0.1', port, clientKeyPem, serverPublicPem, timeout = 60_000 }) {
    this.#address = { host, port };
    this.#clientKeyPem = clientKeyPem;
    this.#serverIdentity = publicKeyOfPem(serverPublicPem);
    this.#timeout = timeout;
  }

  /** Connects, and leaves the rest to the caller, who closes the connection too. */
  async connect() {
    const socket = connect(this.#address);
    try {
      await withDeadline(once(socket, 'connect'), this.#timeout, 'a connection');
    } catch (error) {
      socket.destroy();
      throw error;
    }
    const hello = handshakeHello(this.#clientKeyPem);
    return new OriginalConnection(socket, hello, this.#serverIdentity, this.#timeout);
  }

  /**
   * Shakes hands, sends a command and reads until the server closes.
   *
   * @param {string | Uint8Array} line a string gets the end of its line; bytes go as they are
   * @param payload bytes to follow, or a function that makes them with the connection's keys
   */
  async exchange(line, payload = Buffer.alloc(0)) {
    const connection = await this.connect();
    let writing;
    try {
      await connection.writeRaw(connection.hello);
      await connection.readHello();
      const { keys } = connection;
      const behind = typeof payload === 'function' ? payload(keys) : payload;
      const sent = Buffer.concat([lineBytes(line), behind]);
      // A server may answer and close before it read everything; then its answer counts.
      writing = connection.writeRaw(sent).catch(() => undefined);
      return { answer: await connection.readAll(), keys };
    } finally {
      connection.close();
      await writing;
    }
  }

  /** Gives the answer's line, without its end. */
  async send(name, bytes) {
    const line = `SEND|${name}|${payloadLength(bytes.length)}`;
    const { answer } = await this.exchange(line, (keys) => sealPayload(keys, bytes));
    return onlyLine(answer);
  }

  async get(name) {
    const { answer, keys } = await this.exchange(`GET|${name}`);
    const { line, body } = withBody(answer);
    return { line, content: body && openPayload(keys, body) };
  }

  async list() {
    return text(withBody((await this.exchange('LIST')).answer));
  }

  async hlist() {
    return text(withBody((await this.exchange('HLIST')).answer));
  }

  async delete(name) {
    return onlyLine((await this.exchange(`DELETE|${name}`)).answer);
  }
}

function lineBytes(line) {
  if (typeof line !== 'string') return line;
  return Buffer.from(line.endsWith('\n') ? line : `${line}\n`);
}

function split(answer) {
  const end = answer.indexOf(lineEnd);
  if (end < 0) throw bad(answer.length === 0 ? 'closed without an answer' : 'ended within a line');
  return { line: answer.toString('utf8', 0, end), rest: answer.subarray(end + 1) };
}

function onlyLine(answer) {
  const { line, rest } = split(answer);
  if (rest.length > 0) throw bad(`sent ${rest.length} bytes behind ${line}`);
  return line;
}

/** An answer that begins with 200 says how many bytes follow, and no others may. */
function withBody(answer) {
  const { line, rest } = split(answer);
  const length = /^200\|(\d+)$/.exec(line)?.[1];
  if (length === undefined) return { line: onlyLine(answer), body: undefined };
  if (Number(length) !== rest.length) throw bad(`sent ${rest.length} bytes of ${length}`);
  return { line, body: rest };
}

function text({ line, body }) {
  return { line, body: body?.toString('utf8') };
}

function bad(what) {
  return new OriginalPeerError('bad-answer', `The server ${what}`);
}
