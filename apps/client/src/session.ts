import { setTimeout as sleep } from 'node:timers/promises';

import {
  ClientError,
  ClientHome,
  connect,
  fingerprint,
  formatServerAddress,
  loadIdentity,
  loadServerKey,
  parseServerAddress,
  trustKnownServer,
  type ConnectOptions,
  type Identity,
  type ServerAddress,
  type Timeouts,
  type TransferJournal,
} from '@e2eeftp/client';

import type { Invocation } from './command.js';
import type { GlobalOptions } from './global-options.js';
import { passphraseFor } from './passphrase.js';
import { ServerAccess } from './server-access.js';

/** Milliseconds that an interrupted program gives the server to take leave. */
const hastyFarewell = 500;

const suiteNames = { 1: 'AES-256-GCM', 2: 'ChaCha20-Poly1305' } as const;

/**
 * @param invocation - what the user gave
 * @param passphrase - asks for the passphrase of a key
 * @returns the server that the options, the profile or the configuration name, and as whom to
 *   connect to it
 * @throws ClientError
 */
export async function findConnection(
  invocation: Invocation,
  { passphrase } = passphraseFor(invocation),
): Promise<ConnectionFacts> {
  const { global } = invocation;
  const home = new ClientHome();
  const address = await serverOf(invocation, home);
  const serverKey = global['server-key'];
  const server =
    serverKey === undefined
      ? await trustKnownServer(home.knownServers, address)
      : await loadServerKey(serverKey);
  const identityFile = global.identity ?? home.identityPath;
  const identity = await loadIdentity(identityFile, { passphrase });
  return { address, identity, server, journal: home.transfers };
}

/** A server, and as whom to connect to it. */
export interface ConnectionFacts {
  readonly address: ServerAddress;
  readonly identity: Identity;
  readonly server: ConnectOptions['server'];
  /** Remembers transfers that are broken off, where there can be any. */
  readonly journal?: TransferJournal;
}

/**
 * Connects to a server, does something, and hangs up.
 *
 * @param invocation - what the user gave
 * @param facts - which server, and as whom
 * @param task - what to do
 * @returns what the task returns
 * @throws ClientError
 */
export async function usingServer<Result>(
  invocation: Invocation,
  facts: ConnectionFacts,
  task: (server: ServerAccess) => Promise<Result>,
): Promise<Result> {
  const server = await openServer(invocation, facts);
  try {
    return await task(server);
  } finally {
    await hangUp(server, invocation.signal);
  }
}

/**
 * Connects to a server.
 *
 * @param invocation - what the user gave
 * @param facts - which server, and as whom
 * @param note - tells the user that the connection broke
 * @returns the server, to be left by {@link hangUp}
 * @throws ClientError
 */
export async function openServer(
  { global, output, signal }: Pick<Invocation, 'global' | 'output' | 'signal'>,
  { address, identity, server, journal }: ConnectionFacts,
  note = (text: string): void => {
    output.note(text);
  },
): Promise<ServerAccess> {
  const { host, port } = address;
  const client = await connect({
    host,
    port,
    identity,
    server,
    timeouts: timeoutsFor(global),
    connections: global.connections,
    retries: global.retries,
    rateLimit: global['limit-rate'],
    journal,
    onRetry: ({ error, delay }) => {
      const seconds = Math.ceil(delay / 1000);
      note(`The connection broke (${error.message}); trying again in ${seconds} s`);
    },
    signal,
  });
  const { facts, welcome } = client.greeting;
  output.detail(
    [
      `connected to ${formatServerAddress(address)}, ${welcome.software}`,
      `server   ${fingerprint(facts.peerIdentity)}`,
      `you      ${fingerprint(identity.publicKey)}, access ${welcome.access}`,
      `suite    ${suiteNames[facts.suite]}, key exchange X25519 and ML-KEM-768`,
    ].join('\n'),
  );
  return new ServerAccess(client, identity);
}

/**
 * Leaves a server; whoever interrupts the program does not wait for long.
 *
 * @param server - the server
 * @param signal - says whether the program was interrupted
 */
export async function hangUp(server: ServerAccess, signal: AbortSignal): Promise<void> {
  const closed = server.client.close().finally(() => {
    server[Symbol.dispose]();
  });
  await (signal.aborted ? Promise.race([closed, sleep(hastyFarewell)]) : closed);
}

/**
 * @param global - what the user gave for the options of every command
 * @returns how long to wait, where the user says so
 */
export function timeoutsFor({ timeout }: GlobalOptions): Partial<Timeouts> {
  if (timeout === undefined) return {};
  const milliseconds = timeout * 1000;
  return { connect: milliseconds, handshake: milliseconds, progress: milliseconds };
}

/**
 * @param global - what the user gave for the options of every command
 * @param home - where the profiles are
 * @returns the server that is named there, if one is
 */
export async function findServer(
  { server, profile }: GlobalOptions,
  home: ClientHome,
): Promise<ServerAddress | undefined> {
  if (server !== undefined) return parseServerAddress(server);
  return home.configuration.findServer(profile);
}

async function serverOf({ global }: Invocation, home: ClientHome): Promise<ServerAddress> {
  const address = await findServer(global, home);
  if (address) return address;
  throw new ClientError(
    'bad-configuration',
    'No server is set; run `e2eeftp init HOST` once, or give --server HOST',
  );
}
