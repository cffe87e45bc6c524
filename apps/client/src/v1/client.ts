import {
  ClientError,
  ClientHome,
  defaultHost,
  defaultPort,
  fingerprint,
  formatServerAddress,
  loadIdentity,
  loadServerKey,
  trustKnownServer,
  V1Client,
  type Identity,
  type ServerAddress,
  type V1ClientOptions,
} from '@e2eeftp/client';

import type { Invocation } from '../command.js';
import { localKind } from '../local-name.js';
import { passphraseFor } from '../passphrase.js';
import { findServer, timeoutsFor } from '../session.js';
import { refuseOption } from './refuse-option.js';

/** The files that the original program keeps in its working folder. */
const localFiles = { identity: 'client_id.key', serverKey: 'known_server.pub' } as const;

const warning = `--v1: this generation of the protocol hides neither names nor commands from the network, and who
is in between can forge listings and answers. Move the server to a newer one when you can.`;

/** Where the warning was given already. */
const warned = new WeakSet<Invocation['workspace']>();

/**
 * Makes a client of the first generation: of the server that the options, the profile or the
 * configuration name, or of the one that the original asks for, with the original's files where
 * the working folder has them.
 *
 * @param invocation - what the user gave
 * @returns the client, which connects with each operation
 * @throws ClientError
 */
export async function makeV1Client(invocation: Invocation): Promise<V1Client> {
  const { global, output } = invocation;
  for (const option of ['retries', 'connections', 'limit-rate'] as const) {
    refuseOption(option, global[option] !== undefined, 'each of its operations is one connection');
  }
  const home = new ClientHome();
  const address = (await findServer(global, home)) ?? { host: defaultHost, port: defaultPort };
  const server = await trustedServer(invocation, home, address);
  const identity = await ownIdentity(invocation, home);
  if (!warned.has(invocation.workspace)) output.note(warning);
  warned.add(invocation.workspace);
  output.detail(
    `first generation, ${formatServerAddress(address)}, you are ${fingerprint(identity.publicKey)}`,
  );
  return new V1Client({ ...address, identity, server, timeouts: timeoutsFor(global) });
}

async function trustedServer(
  { global }: Invocation,
  { knownServers }: ClientHome,
  address: ServerAddress,
): Promise<V1ClientOptions['server']> {
  const file = global['server-key'] ?? (await ifThere(localFiles.serverKey));
  if (file !== undefined) return loadServerKey(file);
  const { host, port } = address;
  const known = await knownServers.read();
  if (known.some((each) => each.address.host === host && each.address.port === port)) {
    return trustKnownServer(knownServers, address);
  }
  throw new ClientError(
    'unknown-server',
    `The key of the server at ${formatServerAddress(address)} is not known. Copy the server's ${localFiles.serverKey} into this folder, or name it with --server-key FILE`,
  );
}

async function ownIdentity(invocation: Invocation, home: ClientHome): Promise<Identity> {
  const { global, output } = invocation;
  const options = passphraseFor(invocation);
  if (global.identity !== undefined) return loadIdentity(global.identity, options);
  const file = await ifThere(localFiles.identity);
  if (file === undefined) return home.loadIdentity(options);
  return loadIdentity(file, {
    ...options,
    // The original writes it with the permissions of any file, and would have to work on.
    onExposed: (text) => {
      output.note(text);
    },
  });
}

async function ifThere(file: string): Promise<string | undefined> {
  return (await localKind(file)) === 'nothing' ? undefined : file;
}
