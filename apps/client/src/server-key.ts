import {
  ClientError,
  connect,
  fingerprint,
  formatPublicKey,
  formatServerAddress,
  Identity,
  loadServerKey,
  normalizeFingerprint,
  trustKnownServer,
  UntrustedServerError,
  type ClientHome,
  type ServerAddress,
} from '@e2eeftp/client';

import type { Invocation } from './command.js';
import { UsageError } from './failure.js';
import { askYesOrNo, canAsk } from './prompt.js';
import { timeoutsFor } from './session.js';

/** What the user says beforehand about the key of a server. */
export interface Assurance {
  /** Its fingerprint. */
  readonly fingerprint?: string | undefined;
  /** A file with it. */
  readonly keyFile?: string | undefined;
  /** Whether a server that is not known yet is to be trusted. */
  readonly trustsUnknown?: boolean;
}

/**
 * Asks a server for its key, and finds out whether the user trusts it: because it is known, because
 * of what the user said beforehand, or because the user says so now. The server learns nothing of
 * the user.
 *
 * @param invocation - what the user gave
 * @param home - where known servers are written down; only read here
 * @param address - where the server listens
 * @param assurance - what the user says beforehand
 * @returns the key, 32 bytes
 * @throws ClientError `unknown-server` or `changed-server` when it is not trusted
 */
export async function trustedKey(
  invocation: Invocation,
  home: ClientHome,
  address: ServerAddress,
  assurance: Assurance,
): Promise<Uint8Array> {
  const { fingerprint: text, keyFile, trustsUnknown = false } = assurance;
  const expected = text === undefined ? undefined : readFingerprint(text);
  const key = keyFile === undefined ? undefined : formatPublicKey(await loadServerKey(keyFile));
  const requireKnown = await trustKnownServer(home.knownServers, address);
  const proved = await askServer(invocation, address);
  const isExpected =
    (expected ?? fingerprint(proved)) === fingerprint(proved) &&
    (key ?? formatPublicKey(proved)) === formatPublicKey(proved);
  if (!isExpected) throw unexpectedKey(address, proved);
  try {
    requireKnown(proved);
  } catch (error) {
    // A key that changed is refused, whatever the user said beforehand.
    if (!(error instanceof UntrustedServerError && error.code === 'unknown-server')) throw error;
    const isVouchedFor = trustsUnknown || expected !== undefined || key !== undefined;
    if (!isVouchedFor) await approve(invocation, address, error);
  }
  return proved;
}

/** Lets the user decide about a server that is not known yet. */
async function approve(
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

function unexpectedKey(address: ServerAddress, proved: Uint8Array): UntrustedServerError {
  const message = `The server at ${formatServerAddress(address)} proved another key than you expect: ${fingerprint(proved)}. Somebody may be in between, or the fingerprint or key that you gave is not right; ask the operator`;
  return new UntrustedServerError('changed-server', message, proved);
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
