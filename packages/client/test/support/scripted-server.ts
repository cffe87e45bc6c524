import { defaultBackend } from '@e2eeftp/crypto';
import {
  ServerSession,
  type BodyEnd,
  type CborValue,
  type Close,
  type Request,
  type ServerEvent,
} from '@e2eeftp/protocol';
import { memoryTransportPair, TransportError, type Transport } from '@e2eeftp/transport';
import { afterEach } from '@jest/globals';

import { Identity, type Client, type ConnectOptions, connect } from '../../src/index.js';

const transports: Transport[] = [];

afterEach(() => {
  for (const transport of transports.splice(0)) transport.destroy();
});

/** What a server does with one connection; afterwards it is silent, unless it hung up. */
export type Script = (server: ScriptedServer) => Promise<unknown>;

/** A server that says what a test wants it to say, and nothing by itself. */
class ScriptedServer {
  readonly transport: Transport;
  readonly session: ServerSession;
  /** Bytes that came from the client. */
  received = 0;
  /** Whether it ends the connection when the client does. */
  endsWithClient = true;
  readonly #events: ServerEvent[] = [];

  constructor(transport: Transport, identity: Identity) {
    this.transport = transport;
    this.session = new ServerSession({ backend: defaultBackend, identity });
  }

  /** The next event; the handshake's bytes go out by themselves. */
  async next(): Promise<ServerEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event?.type === 'send') await this.transport.write([event.bytes]);
      else if (event?.type === 'close' && this.endsWithClient) await this.#leave();
      else if (event) return event;
      else this.#events.push(...this.session.receive(await this.chunk()));
    }
  }

  /** The next bytes of the client. */
  async chunk(): Promise<Uint8Array> {
    const chunk = await this.transport.read();
    if (!chunk) throw new TransportError('reset', 'the client has gone');
    this.received += chunk.length;
    return chunk;
  }

  /** Goes through the handshake. */
  async establish(): Promise<void> {
    while ((await this.next()).type !== 'established');
  }

  async welcome(): Promise<void> {
    await this.establish();
    const limits = { record: 1_048_576, message: 65_536, fileSize: 2 ** 50, pathLength: 3072 };
    await this.transport.write(
      this.session.welcome({ protocol: 2, software: 'test', commands: [], limits, access: 'rw' }),
    );
  }

  /** The next request; what belongs to bodies is passed over. */
  async request(): Promise<Request> {
    for (;;) {
      const event = await this.next();
      if (event.type === 'request') return event.request;
    }
  }

  /** Reads a body to its end. */
  async bodyEnd(): Promise<BodyEnd> {
    for (;;) {
      const event = await this.next();
      if (event.type === 'end') return event.end;
    }
  }

  async respond(status: number, result: CborValue = null, body = false): Promise<void> {
    await this.transport.write(this.session.respond({ status, text: 'text', result, body }));
  }

  async data(...parts: Uint8Array[]): Promise<void> {
    await this.transport.write(this.session.data(parts));
  }

  async end(end: BodyEnd): Promise<void> {
    await this.transport.write(this.session.end(end));
  }

  async say(close: Close): Promise<void> {
    await this.transport.write(this.session.close(close));
  }

  async #leave(): Promise<never> {
    await this.say({ status: 200, text: '' });
    await this.transport.end();
    throw new TransportError('closed', 'the client has closed');
  }

  /** Answers the next request, which must be a GET, with what it announces of a file. */
  async answerGet(size: number): Promise<void> {
    await this.request();
    await this.respond(200, { size, mtime: 0, etag: 'e', offset: 0, length: size }, true);
  }

  /** Answers everything rightly from now on: PING, and SEND with the size that came. */
  async behave(): Promise<void> {
    for (;;) {
      const { body } = await this.request();
      const end = body ? await this.bodyEnd() : undefined;
      const isWhole = end?.ok === true;
      if (isWhole) await this.respond(226, { size: end.size, mtime: 0, etag: 'e' });
      else await this.respond(body ? 400 : 200);
    }
  }
}

export interface Scripted {
  /** What a client needs to connect. */
  readonly options: ConnectOptions;
  /** Connections that the client has opened. */
  readonly opened: () => number;
}

/**
 * A server that plays one script after the other, the last one again and again.
 *
 * @param scripts - what it does with the first connection, the second, …
 */
export function scripted(...scripts: [Script, ...Script[]]): Scripted {
  const identity = Identity.generate();
  let opened = 0;
  const options: ConnectOptions = {
    identity: Identity.generate(),
    server: identity.publicKey,
    timeouts: { handshake: 10_000, progress: 10_000 },
    openTransport: () => {
      const [near, far] = memoryTransportPair();
      transports.push(near, far);
      const script = scripts[Math.min(opened, scripts.length - 1)] ?? scripts[0];
      opened += 1;
      script(new ScriptedServer(far, identity)).catch((error: unknown) => {
        // The client may leave at any time; anything else is a mistake in a test.
        if (!(error instanceof TransportError)) far.destroy(asError(error));
      });
      return Promise.resolve(near);
    },
  };
  return { options, opened: () => opened };
}

/** A server that dies of the first request, and hangs up on whoever comes again. */
export function dyingServer(): Scripted {
  return scripted(
    async (server) => {
      await server.welcome();
      await server.request();
      server.transport.destroy();
    },
    async (server) => {
      server.transport.destroy();
    },
  );
}

/** A client of a server that goes through the handshake and then plays a script. */
export function connectTo(
  script: Script,
  timeouts: ConnectOptions['timeouts'] = {},
): Promise<Client> {
  const { options } = scripted(async (server) => {
    await server.welcome();
    await script(server);
  });
  // A script is for one connection, and knows no second attempt.
  const once = { connections: 1, retries: 0 };
  return connect({ ...once, ...options, timeouts: { ...options.timeouts, ...timeouts } });
}

/** A transport whose incoming bytes go through a function first; `undefined` ends them. */
export function filtered(
  inner: Transport,
  filter: (chunk: Uint8Array) => Uint8Array | undefined,
): Transport {
  let hasEnded = false;
  return {
    peer: inner.peer,
    async read() {
      const chunk = hasEnded ? undefined : await inner.read();
      const passed = chunk && filter(chunk);
      hasEnded ||= passed === undefined;
      return passed;
    },
    write: (parts) => inner.write(parts),
    end: () => inner.end(),
    setIdleTimeout: (milliseconds) => {
      inner.setIdleTimeout(milliseconds);
    },
    destroy: (reason) => {
      inner.destroy(reason);
    },
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('unknown failure', { cause: error });
}
