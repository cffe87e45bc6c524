import {
  ClientError,
  fingerprint,
  formatPublicKey,
  loadServerKey,
  trustKnownServer,
  UntrustedServerError,
  type ClientHome,
  type Identity,
  type ServerAddress,
} from '@e2eeftp/client';

import type { Invocation } from './command.js';
import { approve, readFingerprint, unexpectedKey } from './server-key.js';
import { usingClient } from './session.js';

/** What the user says beforehand about a server that is not known yet. */
export interface Assurance {
  readonly fingerprint: string | undefined;
  readonly yes: boolean;
}

/** A server that the user trusts. */
export interface Acquaintance {
  /** The key that it proved, 32 bytes. */
  readonly serverIdentity: Uint8Array;
  /** `not-authorized` when the server does not know the user. */
  readonly refusal: ClientError | undefined;
}

/**
 * Connects to a server, and when nothing is known of it yet, lets the user decide.
 *
 * @param invocation - what the user gave
 * @param home - where known servers are written down; only read here
 * @param address - where the server listens
 * @param identity - as whom to connect
 * @param assurance - what the user says beforehand
 * @returns the server, when it is trusted
 * @throws ClientError `unknown-server` or `changed-server` when it is not
 */
export async function meetServer(
  invocation: Invocation,
  home: ClientHome,
  address: ServerAddress,
  identity: Identity,
  assurance: Assurance,
): Promise<Acquaintance> {
  const isExpected = await expectation(invocation, assurance);
  const requireKnown = await trustKnownServer(home.knownServers, address);
  let serverIdentity: Uint8Array | undefined;
  let accepted: string | undefined;
  const server = (proved: Uint8Array): void => {
    serverIdentity = proved;
    if (isExpected?.(proved) === false) throw unexpectedKey(address, proved);
    try {
      requireKnown(proved);
    } catch (error) {
      // A key that changed is refused, whatever the user said beforehand.
      const isNew = error instanceof UntrustedServerError && error.code === 'unknown-server';
      if (!isNew || !(isExpected ?? accepted === formatPublicKey(proved))) throw error;
    }
  };
  const greet = async (): Promise<Acquaintance> => {
    let refusal: ClientError | undefined;
    try {
      await usingClient(invocation, { address, identity, server }, () => Promise.resolve());
    } catch (error) {
      if (!(error instanceof ClientError && error.code === 'not-authorized')) throw error;
      refusal = error;
    }
    if (!serverIdentity) throw new ClientError('not-e2eeftp', 'The server proved no key');
    return { serverIdentity, refusal };
  };
  try {
    return await greet();
  } catch (error) {
    if (!(error instanceof UntrustedServerError && error.code === 'unknown-server')) throw error;
    if (!assurance.yes) await approve(invocation, address, error);
    accepted = formatPublicKey(error.serverIdentity);
    return await greet();
  }
}

/** Makes a test of what the user gave, if the user gave something to test by. */
async function expectation(
  { global }: Invocation,
  { fingerprint: text }: Assurance,
): Promise<((proved: Uint8Array) => boolean) | undefined> {
  const keyFile = global['server-key'];
  const expected = new Set<string>();
  if (keyFile !== undefined) expected.add(fingerprint(await loadServerKey(keyFile)));
  if (text !== undefined) expected.add(readFingerprint(text));
  if (expected.size === 0) return undefined;
  return (proved) => [...expected].every((value) => value === fingerprint(proved));
}
