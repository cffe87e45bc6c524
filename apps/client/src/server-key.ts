import {
  ClientError,
  connect,
  fingerprint,
  formatServerAddress,
  Identity,
  loadServerKey,
  normalizeFingerprint,
  parsePublicKey,
  trustKnownServer,
  UntrustedServerError,
  type ClientHome,
  type ServerAddress,
} from '@e2eeftp/client';

import type { Invocation } from './command.js';
import { UsageError } from './failure.js';
import { askYesOrNo, canAsk } from './prompt.js';
import { timeoutsFor } from './session.js';

/** What the user says beforehand about the key of a server; what is empty or missing is not said. */
export interface KeyAssurance {
  /** A public key, or a file with one. */
  readonly key: string;
  readonly fingerprint: string | undefined;
}

/**
 * Finds out by which key a server is to be trusted: the user says so, or the server proves one
 * that the user then approves. The server learns nothing of the user.
 *
 * @param invocation - what the user gave
 * @param home - where known servers are written down; only read here
 * @param address - where the server listens
 * @param assurance - what the user says beforehand
 * @returns the key, 32 bytes
 * @throws ClientError `unknown-server` or `changed-server` when the key is not approved
 */
export async function findServerKey(
  invocation: Invocation,
  home: ClientHome,
  address: ServerAddress,
  { key, fingerprint: text }: KeyAssurance,
): Promise<Uint8Array> {
  const expected = text === undefined ? undefined : readFingerprint(text);
  if (key !== '') {
    const given = await readKey(key);
    if (expected === undefined || expected === fingerprint(given)) return given;
    throw new UsageError(`The key has the fingerprint ${fingerprint(given)}, and not ${expected}`);
  }
  const proved = await askServer(invocation, address);
  if (expected !== undefined) {
    if (expected === fingerprint(proved)) return proved;
    throw unexpectedKey(address, proved);
  }
  try {
    (await trustKnownServer(home.knownServers, address))(proved);
  } catch (error) {
    // A key that changed is nothing to ask about.
    if (!(error instanceof UntrustedServerError && error.code === 'unknown-server')) throw error;
    await approve(invocation, address, error);
  }
  return proved;
}

/**
 * Lets the user decide about a server that is not known yet.
 *
 * @param invocation - what the user gave
 * @param address - where the server listens
 * @param error - why it is not trusted
 * @throws ClientError `unknown-server` unless the user says yes
 */
export async function approve(
  { global, output, signal }: Invocation,
  address: ServerAddress,
  error: UntrustedServerError,
): Promise<void> {
  if (global.json || !canAsk()) throw error;
  output.note(
    [
      `The server at ${formatServerAddress(address)} proved the key with the fingerprint`,
      `  ${fingerprint(error.serverIdentity)}`,
      'Compare it with what its operator tells you.',
    ].join('\n'),
  );
  if (await askYesOrNo('Is it the right one?', signal)) return;
  throw new ClientError('unknown-server', 'The server is not trusted; nothing was changed');
}

/**
 * @param text - a fingerprint as the user wrote it
 * @returns it as the program writes it
 * @throws UsageError when it is none
 */
export function readFingerprint(text: string): string {
  const normalized = normalizeFingerprint(text);
  if (normalized !== undefined) return normalized;
  throw new UsageError(
    `"${text}" is no fingerprint; one looks like GM2TK-43UOB-XGI3D-FMQQH, and the server's log begins with it`,
  );
}

/**
 * @param address - where a server listens
 * @param proved - the key that it proved, 32 bytes
 * @returns the error for a key that the user does not expect
 */
export function unexpectedKey(address: ServerAddress, proved: Uint8Array): UntrustedServerError {
  const message = `The server at ${formatServerAddress(address)} proved another key than you expect: ${fingerprint(proved)}. Somebody may be in between, or the fingerprint or key that you gave is not right; ask the operator`;
  return new UntrustedServerError('changed-server', message, proved);
}

async function readKey(text: string): Promise<Uint8Array> {
  try {
    return parsePublicKey(text);
  } catch {
    return loadServerKey(text);
  }
}

/** The handshake ends when the server has proved its key, before it learns who asks. */
async function askServer(
  { global, signal }: Invocation,
  { host, port }: ServerAddress,
): Promise<Uint8Array> {
  let proved: Uint8Array | undefined;
  try {
    const client = await connect({
      host,
      port,
      identity: Identity.generate(),
      server: (serverIdentity) => {
        proved = serverIdentity;
        throw new ClientError('unknown-server', 'Its key is all that is asked for');
      },
      timeouts: timeoutsFor(global),
      signal,
    });
    await client.close();
  } catch (error) {
    if (!proved) throw error;
  }
  if (proved) return proved;
  throw new ClientError('not-e2eeftp', `The server at ${host} proved no key`);
}
