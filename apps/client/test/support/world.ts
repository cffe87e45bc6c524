import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  ClientHome,
  connect,
  fingerprint,
  formatPublicKey,
  Identity,
  loadOrCreateIdentity,
  sendTree,
  Vaults,
  type RemoteTree,
} from '@e2eeftp/client';
import { FileStore, MemoryStore, Server, type Command, type Store } from '@e2eeftp/server';

import { afterThisTest, makeFolder } from './cleanup.js';
import { run, runShell, type Finished, type RunOptions } from './program.js';

export interface WorldOptions {
  /** Bytes that the server has room for; the server then keeps its files in memory. */
  readonly capacity?: number;
  /** Whether the user's identity is authorized; by default it is. */
  readonly authorized?: boolean;
  readonly access?: 'rw' | 'ro' | 'wo';
  readonly host?: string;
  /** What the server can do; by default all that there is. */
  readonly commands?: readonly Command[];
}

/** A server in this process, and a person with a home, an identity and a working folder. */
export class World {
  readonly folder: string;
  readonly server: Server;
  readonly identity: Identity;
  /** The keys that the server lets in. */
  readonly authorized: Set<string>;

  private constructor(folder: string, server: Server, identity: Identity, authorized: Set<string>) {
    this.folder = folder;
    this.server = server;
    this.identity = identity;
    this.authorized = authorized;
  }

  static async create(options: WorldOptions = {}): Promise<World> {
    const { authorized = true, access = 'rw', host = '127.0.0.1', capacity, commands } = options;
    const folder = await makeFolder();
    await mkdir(join(folder, 'work'));
    const store = await makeStore(folder, capacity);
    const identity = Identity.generate();
    const keys = new Set<string>();
    const server = new Server({
      identity,
      authorizer: {
        authorize: async (who) =>
          keys.has(formatPublicKey(who)) ? { identity: who, name: 'tester', access } : undefined,
      },
      store,
      ...(commands && { commands }),
    });
    const world = new World(folder, server, identity, keys);
    await server.start({ host, port: 0 });
    afterThisTest(() => server.close());
    const own = await loadOrCreateIdentity(join(world.home, 'client_id.key'));
    if (authorized) keys.add(formatPublicKey(own.identity.publicKey));
    return world;
  }

  get home(): string {
    return join(this.folder, 'home');
  }

  get work(): string {
    return join(this.folder, 'work');
  }

  get address(): string {
    const { host, port } = this.server.address;
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  }

  get fingerprint(): string {
    return fingerprint(this.identity.publicKey);
  }

  /** Runs the program in the working folder. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return run(args, { ...this.#place, ...options, env: { ...this.#place.env, ...options.env } });
  }

  /** Runs a line of shell in the working folder; `e2eeftp` is the program. */
  shell(line: string, options: Pick<RunOptions, 'secondsToLive'> = {}): Promise<Finished> {
    return runShell(line, { ...this.#place, ...options });
  }

  /** What the program runs with. */
  get place(): Required<Pick<RunOptions, 'cwd' | 'env'>> {
    return this.#place;
  }

  get #place(): { cwd: string; env: Record<string, string> } {
    return { cwd: this.work, env: { E2EEFTP_HOME: this.home } };
  }

  /** Makes the server known, and its profile, as `init` does. */
  async settle(): Promise<this> {
    const { host, port } = this.server.address;
    const key = formatPublicKey(this.identity.publicKey);
    await writeFile(join(this.home, 'known_servers'), `${this.address} ${key}\n`);
    const profile = `default = "default"\n[profiles.default]\nhost = "${host}"\nport = ${port}\n`;
    await writeFile(join(this.home, 'config.toml'), profile);
    return this;
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    await mkdir(join(this.work, name, '..'), { recursive: true });
    await writeFile(join(this.work, name), content);
  }

  /** Puts a file into the vault `home` without the program, for tests of something else. */
  async store(path: string, content: string | Uint8Array): Promise<void> {
    await this.#atHome((tree) => tree.send(Buffer.from(content), path));
  }

  /** Puts a folder of the working folder there, under its name or another. */
  async storeTree(name: string, path = name): Promise<void> {
    const { failures } = await this.#atHome((tree) => sendTree(tree, join(this.work, name), path));
    for (const { error } of failures) throw error;
  }

  /** What a file in the vault `home` has in it, asked for without the program. */
  async stored(path: string): Promise<string> {
    return (await this.#atHome((tree) => tree.getBytes(path))).toString();
  }

  /** What is below a folder of the vault `home`, as `ls -R` shows it. */
  storedPaths(folder = ''): Promise<string[]> {
    return this.#atHome(async (tree) => {
      const paths: string[] = [];
      for await (const { path, type } of tree.list(folder, { recursive: true })) {
        paths.push(type === 'directory' ? `${path}/` : path);
      }
      return paths;
    });
  }

  /** The program shares the folder of the home, and no connection. */
  async #atHome<Result>(task: (tree: RemoteTree) => Promise<Result>): Promise<Result> {
    const home = new ClientHome(this.home);
    const identity = await home.loadIdentity();
    const { host, port } = this.server.address;
    const client = await connect({ host, port, identity, server: this.identity.publicKey });
    const vaults = new Vaults(client, { identity, home });
    try {
      return await task(await vaults.tree('home'));
    } finally {
      await client.close();
      vaults[Symbol.dispose]();
    }
  }

  read(name: string): Promise<Buffer> {
    return readFile(join(this.work, name));
  }

  /** The names in the working folder, hidden ones too. */
  async names(): Promise<string[]> {
    return (await readdir(this.work)).sort();
  }
}

/** A world whose server is known. */
export async function makeWorld(options: WorldOptions = {}): Promise<World> {
  return (await World.create(options)).settle();
}

async function makeStore(folder: string, capacity: number | undefined): Promise<Store> {
  const store =
    capacity === undefined
      ? await FileStore.open({ directory: join(folder, 'data') })
      : new MemoryStore({ capacity });
  afterThisTest(() => store.close());
  return store;
}

/** Bytes that look right in no other place than their own. */
export function makeBytes(length: number): Buffer {
  return randomBytes(length);
}

/** What stands on each line of JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return Buffer.from(text, 'latin1')
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
