import { join } from 'node:path';

import { fingerprint } from '@e2eeftp/crypto';
import { parsePath } from '@e2eeftp/protocol';
import { MemoryStore, Server, type Store } from '@e2eeftp/server';
import {
  keyringPath,
  makeCard,
  makeFirstKeyring,
  makeNextKeyring,
  SealingIdentity,
  type Card,
  type KeyringChange,
} from '@e2eeftp/vault';
import { afterAll, afterEach } from '@jest/globals';

import {
  ClientHome,
  connect,
  Identity,
  Vaults,
  type Client,
  type ConnectOptions,
} from '../../src/index.js';
import { VaultSession, type VaultToOpen } from '../../src/vault/vault-session.js';
import { makeFolder } from '../home/support.js';

const closers: (() => unknown)[] = [];
const closersOfFile: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

afterAll(async () => {
  for (const close of closersOfFile.splice(0).reverse()) await close();
});

/** What was begun so far ends only after the last test of the file. */
export function keepForAllTests(): void {
  closersOfFile.push(...closers.splice(0));
}

/** Somebody with a home of his own and a client of the server. */
export interface Person {
  readonly identity: Identity;
  readonly fingerprint: string;
  readonly sealing: SealingIdentity;
  readonly card: Card;
  readonly home: ClientHome;
  readonly client: Client;
}

/** A server that lets everybody in. */
export interface VaultServer {
  /** All that it holds, which a hostile one may change as it likes. */
  readonly store: Store;
  /** Somebody new who uses the server, or the same person at another machine. */
  person(name: string, options?: PersonOptions): Promise<Person>;
  /** Puts a file where it likes, as no client could. */
  put(path: string, bytes: Uint8Array): Promise<void>;
  /** Takes a file away. */
  take(path: string): Promise<Uint8Array>;
}

export interface PersonOptions {
  /** By default a new one. */
  readonly identity?: Identity;
  /** By default a new one, as at another machine. */
  readonly home?: ClientHome;
  readonly connect?: Partial<ConnectOptions>;
}

/** Starts a server in memory, which is closed after the test, as are all clients of it. */
export async function startVaultServer(): Promise<VaultServer> {
  const store = new MemoryStore();
  closers.push(() => store.close());
  const serverIdentity = Identity.generate();
  const server = new Server({
    identity: serverIdentity,
    authorizer: {
      authorize: async (who) => ({ identity: who, name: undefined, access: 'rw' }),
    },
    store,
  });
  await server.start({ port: 0 });
  closers.push(() => server.close());
  return {
    store,
    person: (name, options) =>
      makePerson({ port: server.address.port, publicKey: serverIdentity.publicKey }, name, options),
    put: async (path, bytes) => {
      const upload = await store.createUpload({ path: parsePath(path) });
      await upload.write([bytes]);
      await upload.commit({ overwrite: 'always' });
    },
    take: async (path) => {
      const reader = await store.open(parsePath(path));
      const chunks: Uint8Array[] = [];
      for await (const chunk of reader.read(0, reader.file.size)) chunks.push(chunk.slice());
      await reader.close();
      await store.delete(parsePath(path), { recursive: false });
      return Buffer.concat(chunks);
    },
  };
}

/** Somebody with a home of his own and a client of a server, which is closed after the test. */
export async function makePerson(
  { port, publicKey }: { readonly port: number; readonly publicKey: Uint8Array },
  name: string,
  options: PersonOptions = {},
): Promise<Person> {
  const { identity = Identity.generate(), home } = options;
  const client = await connect({
    port,
    identity,
    server: publicKey,
    timeouts: { progress: 10_000 },
    ...options.connect,
  });
  closers.push(() => client.close());
  const sealing = SealingIdentity.of(identity);
  return {
    identity,
    fingerprint: fingerprint(identity.publicKey),
    sealing,
    card: makeCard(identity, sealing, name),
    home: home ?? new ClientHome(join(await makeFolder(), 'home')),
    client,
  };
}

/** Ends something after the test, before what was made earlier. */
export function closeAfterTest(close: () => unknown): void {
  closers.push(close);
}

/** Everything that somebody does with vaults; what it opens is wiped after the test. */
export function vaultsOf({ client, identity, home, card: { name } }: Person): Vaults {
  const vaults = new Vaults(client, { identity, home, name });
  closers.push(() => {
    vaults[Symbol.dispose]();
  });
  return vaults;
}

/** Begins somebody's vault on the server. */
export async function beginVault(
  { client, identity, card }: Person,
  name: string,
  kind: 'home' | 'shared' = 'shared',
): Promise<Uint8Array> {
  const { vault, bytes } = await makeFirstKeyring({ owner: identity, card, name, kind });
  await sendKeyring(client, keyringPath(vault, 1), bytes);
  return vault;
}

/** Opens a vault; what it holds is wiped after the test. */
export async function openVault(
  person: Person,
  vault: Uint8Array,
  options: Partial<VaultToOpen> & Pick<VaultToOpen, 'firstOwner'>,
): Promise<VaultSession> {
  const { client, identity, home, sealing } = person;
  const kept = home.keyrings;
  const session = await VaultSession.open(client, { vault, identity, kept, sealing, ...options });
  closers.push(() => {
    session[Symbol.dispose]();
  });
  return session;
}

/** Makes and stores the next keyring, as an owner does. */
export async function changeVault(
  { client, identity }: Person,
  session: VaultSession,
  change: KeyringChange,
): Promise<Uint8Array> {
  const { opened } = session;
  const bytes = await makeNextKeyring(opened, identity, change);
  const path = keyringPath(opened.keyring.vault, opened.keyring.sequence + 1);
  await sendKeyring(client, path, bytes);
  return bytes;
}

/** Keyrings are sent in one piece, which nobody goes on with later. */
async function sendKeyring(client: Client, path: string, bytes: Uint8Array): Promise<void> {
  await client.send([bytes], path, { size: bytes.length, overwrite: 'never' });
}
