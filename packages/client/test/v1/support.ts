import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  derive,
  handshakeHello,
  newIdentity,
  parseHello,
  startOriginalServer,
  type Keys,
  type OriginalServer,
  type OriginalServerOptions,
} from '@e2eeftp/original-peer';
import { memoryTransportPair, TransportError, type Transport } from '@e2eeftp/transport';
import { afterEach } from '@jest/globals';

import {
  formatPublicKey,
  Identity,
  parsePublicKey,
  V1Client,
  type V1ClientOptions,
} from '../../src/index.js';
import { makeFolder } from '../home/support.js';

const cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

export interface Original {
  readonly server: OriginalServer;
  readonly client: V1Client;
  readonly options: V1ClientOptions;
  /** The names of the stored files. */
  stored(): Promise<string[]>;
  /** A stored file's content. */
  content(name: string): Promise<Buffer>;
  /** Stores a file behind the server's back. */
  store(name: string, content: Uint8Array): Promise<void>;
}

/** An original server in a folder of its own, and a client that it authorizes. */
export async function startOriginal(
  hooks: Omit<OriginalServerOptions, 'directory'> = {},
): Promise<Original> {
  const directory = await makeFolder();
  const identity = Identity.generate();
  await writeFile(
    join(directory, 'authorized_clients.pub'),
    `# somebody\n${formatPublicKey(identity.publicKey)}\n`,
  );
  const server = await startOriginalServer({ directory, ...hooks });
  cleanups.push(() => server.close());
  const options = {
    host: '127.0.0.1',
    port: server.port,
    identity,
    server: parsePublicKey(server.publicPem),
  };
  const place = (name: string): string => join(directory, 'received', name);
  return {
    server,
    options,
    client: new V1Client(options),
    stored: async () => (await readdir(place(''))).sort(),
    content: (name) => readFile(place(name)),
    store: (name, content) => writeFile(place(name), content),
  };
}

/** A server that does what a test wants, and nothing by itself. */
export class ScriptedV1Server {
  readonly transport: Transport;
  readonly #privatePem: string;
  #received = Buffer.alloc(0);
  keys: Keys | undefined;

  constructor(transport: Transport, privatePem: string) {
    this.transport = transport;
    this.#privatePem = privatePem;
  }

  /** Takes the client's hello and gives its own. */
  async shakeHands(): Promise<Keys> {
    const client = parseHello(await this.take(132));
    const { bytes, ephemeral } = handshakeHello(this.#privatePem);
    const keys = derive(ephemeral, client.ephemeral);
    await this.transport.write([bytes]);
    return keys;
  }

  async take(count: number): Promise<Buffer> {
    while (this.#received.length < count) await this.#more();
    const bytes = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return bytes;
  }

  async line(): Promise<string> {
    while (!this.#received.includes('\n')) await this.#more();
    const line = await this.take(this.#received.indexOf('\n') + 1);
    return line.toString().trimEnd();
  }

  /** Goes through the handshake and takes the command. */
  async command(): Promise<string> {
    this.keys = await this.shakeHands();
    return this.line();
  }

  async write(...parts: (string | Uint8Array)[]): Promise<void> {
    await this.transport.write(parts.map((part) => Buffer.from(part)));
  }

  async #more(): Promise<void> {
    const chunk = await this.transport.read();
    if (!chunk) throw new TransportError('reset', 'the client has gone');
    this.#received = Buffer.concat([this.#received, chunk]);
  }
}

/** What a server does with a connection; afterwards it is silent. */
export type Script = (server: ScriptedV1Server) => Promise<unknown>;

/** How to reach a server that plays a script with every connection. */
export function scriptedV1(script: Script): V1ClientOptions {
  const { privatePem, publicKey } = newIdentity();
  return {
    identity: Identity.generate(),
    server: publicKey,
    timeouts: { handshake: 10_000, progress: 10_000 },
    openTransport: () => {
      const [near, far] = memoryTransportPair();
      cleanups.push(() => {
        near.destroy();
        far.destroy();
      });
      script(new ScriptedV1Server(far, privatePem)).catch((error: unknown) => {
        // The client may leave at any time; anything else is a mistake in a test.
        if (!(error instanceof TransportError)) throw error;
      });
      return Promise.resolve(near);
    },
  };
}

/** A client of a server that plays a script with every connection. */
export function scriptedClient(
  script: Script,
  timeouts: V1ClientOptions['timeouts'] = {},
): V1Client {
  const options = scriptedV1(script);
  return new V1Client({ ...options, timeouts: { ...options.timeouts, ...timeouts } });
}
