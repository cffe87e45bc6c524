import { setImmediate } from 'node:timers/promises';

import { encodePublicKeyPem, fingerprint, formatIdentity, Identity } from '@e2eeftp/crypto';
import { OriginalClient } from '@e2eeftp/original-peer';
import type { Access } from '@e2eeftp/protocol';
import { connectTcp, memoryTransportPair, type Transport } from '@e2eeftp/transport';

import type { RequestPacing } from '../../src/admission/request-rates.js';
import {
  FileHelloRecord,
  FileStore,
  MemoryStore,
  Server,
  type AuthorizedClient,
  type Command,
  type Logger,
  type ServerLimits,
  type ServerObserver,
  type Store,
  type V1Options,
} from '../../src/index.js';
import { makeTemporaryDirectory, removeDirectory } from '../store/temporary-directory.js';
import { connectFrom } from './connect-from.js';
import { Peer } from './peer.js';

/** The combinations of ways and stores under which commands are tested. */
export const settings = [
  { way: 'TCP', files: 'on disk' },
  { way: 'TCP', files: 'in memory' },
  { way: 'memory', files: 'on disk' },
  { way: 'memory', files: 'in memory' },
] as const;

export interface Setting {
  readonly way: 'TCP' | 'memory';
  readonly files: 'on disk' | 'in memory';
}

export interface FixtureOptions extends Partial<Setting> {
  readonly limits?: Partial<ServerLimits>;
  readonly commands?: readonly Command[];
  readonly observer?: ServerObserver;
  readonly pacing?: RequestPacing;
  /** What happens before a client is looked up. */
  readonly beforeAuthorizing?: () => Promise<void>;
  /** Serves the first generation too, and lets its clients do this. */
  readonly v1?: V1Options['access'];
}

/** One line of the log. */
export interface LogEntry {
  readonly level: keyof Logger;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** What a fixture is made of. */
interface Parts {
  readonly store: Store;
  readonly directory: string | undefined;
  readonly v1: V1Options | undefined;
  /** Folders to be removed. */
  readonly folders: readonly string[];
}

/** A server with clients that it knows, and everything that must be cleaned up. */
export class Fixture {
  readonly server: Server;
  readonly serverIdentity = Identity.generate();
  readonly store: Store;
  readonly log: LogEntry[] = [];
  /** Uploads that the server has begun to store. */
  uploads = 0;
  readonly #way: Setting['way'];
  /** Where the files are, when they are on disk. */
  readonly directory: string | undefined;
  readonly #clients = new Map<string, AuthorizedClient>();
  readonly #unknowable = new Set<string>();
  readonly #transports: Transport[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #folders: readonly string[];

  private constructor(options: FixtureOptions, { store, directory, v1, folders }: Parts) {
    const { way = 'memory', limits, commands, observer, pacing, beforeAuthorizing } = options;
    this.#way = way;
    this.#folders = folders;
    this.store = store;
    const createUpload = store.createUpload.bind(store);
    store.createUpload = (upload) => {
      this.uploads++;
      return createUpload(upload);
    };
    this.directory = directory;
    this.server = new Server({
      identity: this.serverIdentity,
      authorizer: {
        authorize: async (identity) => {
          await beforeAuthorizing?.();
          const who = fingerprint(identity);
          if (this.#unknowable.has(who)) throw new Error('the directory is down');
          return this.#clients.get(who);
        },
        watch: (onChange) => {
          this.#listeners.add(onChange);
          return () => this.#listeners.delete(onChange);
        },
      },
      store,
      logger: this.#logger(),
      ...(limits && { limits }),
      ...(commands && { commands }),
      ...(observer && { observer }),
      ...(pacing && { pacing }),
      v1,
    });
  }

  static async start(options: FixtureOptions = {}): Promise<Fixture> {
    const { files = 'in memory', way, v1: access } = options;
    const directory = files === 'on disk' ? await makeTemporaryDirectory() : undefined;
    const store =
      directory !== undefined
        ? await FileStore.open({ directory, durability: 'relaxed' })
        : new MemoryStore();
    const record = await makeTemporaryDirectory();
    const v1 = access && { access, hellos: await FileHelloRecord.open(record) };
    const folders = directory === undefined ? [record] : [directory, record];
    const fixture = new Fixture(options, { store, directory, v1, folders });
    if (way === 'TCP') await fixture.server.start({ port: 0 });
    return fixture;
  }

  /**
   * A transport to the server, before the first byte.
   *
   * @param from - the address that it comes from, such as 127.0.0.2; over TCP only
   */
  async open(from?: string): Promise<Transport> {
    if (from !== undefined) return this.#keep(await connectFrom(from, this.server.address.port));
    if (this.#way === 'TCP')
      return this.#keep(await connectTcp({ ...this.server.address, timeout: 5000 }));
    const [near, far] = memoryTransportPair();
    this.server.accept(far);
    return this.#keep(near);
  }

  /** A new identity that the server lets in, by either generation. */
  authorize(access: Access = 'rw', name?: string): Identity {
    const identity = Identity.generate();
    const { publicKey } = identity;
    this.#clients.set(fingerprint(publicKey), { identity: publicKey, name, access, v1: true });
    return identity;
  }

  /** Changes what a client may do, and says so. */
  regrant(identity: Identity, change: Partial<AuthorizedClient>): void {
    const { publicKey } = identity;
    const who = fingerprint(publicKey);
    const client = this.#clients.get(who) ?? { identity: publicKey, name: undefined, access: 'rw' };
    this.#clients.set(who, { ...client, ...change });
    for (const listener of this.#listeners) listener();
  }

  /** Takes the right away again, and says so. */
  revoke(identity: Identity): void {
    this.#clients.delete(fingerprint(identity.publicKey));
    for (const listener of this.#listeners) listener();
  }

  /** Makes every look at a client fail from now on, and says that something has changed. */
  fail(identity: Identity): void {
    this.#unknowable.add(fingerprint(identity.publicKey));
    for (const listener of this.#listeners) listener();
  }

  /** A client that is let in. */
  async connect(access: Access = 'rw'): Promise<Peer> {
    return Peer.connect(await this.open(), this.authorize(access));
  }

  /** A client of the first generation, which needs a server that listens. */
  original(identity: Identity = this.authorize()): OriginalClient {
    return new OriginalClient({
      port: this.server.address.port,
      clientKeyPem: formatIdentity(identity),
      serverPublicPem: encodePublicKeyPem(this.serverIdentity.publicKey),
      timeout: 20_000,
    });
  }

  /** Until the server has freed what belonged to its connections, all but so many. */
  async untilConnections(count: number): Promise<void> {
    while (this.server.connections > count) await setImmediate();
  }

  /** The entries of the log with a message. */
  logged(message: string): LogEntry[] {
    return this.log.filter((entry) => entry.message === message);
  }

  /** Ends all that was opened, without a word. */
  hangUp(): void {
    for (const transport of this.#transports) transport.destroy();
  }

  async close(): Promise<void> {
    this.hangUp();
    await this.server.close();
    await this.store.close();
    for (const folder of this.#folders) await removeDirectory(folder);
  }

  #keep(transport: Transport): Transport {
    this.#transports.push(transport);
    return transport;
  }

  #logger(): Logger {
    const at =
      (level: keyof Logger) =>
      (fields: object, message: string): void => {
        this.log.push({ level, fields: { ...fields }, message });
      };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }
}
