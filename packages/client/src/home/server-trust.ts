import { readFile } from 'node:fs/promises';

import { CryptoError, fingerprint, parsePublicKey } from '@e2eeftp/crypto';

import { asClientError, ClientError, UntrustedServerError } from '../errors.js';
import { standingOf, type KnownServersFile } from './known-servers-file.js';
import { formatServerAddress, type ServerAddress } from './server-address.js';

/** Decides about a server by the key (32 bytes) that it proved: throws to refuse it. */
export type ServerVerifier = (serverIdentity: Uint8Array) => void;

/**
 * Trusts a server if it proves the key by which it is known. For `connect({ server })`.
 *
 * @param knownServers - the keys by which servers are known, read once
 * @param address - where the server listens
 * @returns a function that throws an UntrustedServerError: `unknown-server` when nothing is known
 *   of the address, `changed-server` when it is known by other keys
 * @throws ClientError `bad-configuration` when the file is not valid
 */
export async function trustKnownServer(
  knownServers: KnownServersFile,
  address: ServerAddress,
): Promise<ServerVerifier> {
  const servers = await knownServers.read();
  return (serverIdentity) => {
    const standing = standingOf(servers, address, serverIdentity);
    if (standing.type === 'known') return;
    if (standing.type === 'unknown') throw unknownServer(address, serverIdentity);
    const { line, publicKey } = standing.expected;
    throw changedServer(address, serverIdentity, publicKey, `${knownServers.path}, line ${line}`);
  };
}

/**
 * Reads the public key of a server from a file, such as the `known_server.pub` that a server
 * writes. Pass it to `connect({ server })` to trust exactly that key.
 *
 * @param path - the file
 * @returns the key, 32 bytes
 * @throws ClientError `local-file` or `bad-configuration`
 */
export async function loadServerKey(path: string): Promise<Uint8Array> {
  try {
    return parsePublicKey(await readFile(path, 'utf8'));
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw asClientError(cause);
    throw new ClientError('bad-configuration', `${path} is no public key: ${cause.message}`, {
      cause,
    });
  }
}

function unknownServer(address: ServerAddress, identity: Uint8Array): UntrustedServerError {
  const where = formatServerAddress(address);
  return new UntrustedServerError(
    'unknown-server',
    `The server at ${where} is not known yet. It proved the key with the fingerprint ${fingerprint(identity)}. Ask its operator for the fingerprint, and run \`e2eeftp init ${where}\`, or \`e2eeftp init ${where} --fingerprint\` with what the operator said`,
    identity,
  );
}

function changedServer(
  address: ServerAddress,
  identity: Uint8Array,
  expected: Uint8Array,
  place: string,
): UntrustedServerError {
  const where = formatServerAddress(address);
  const message = [
    `THE KEY OF THE SERVER AT ${where} HAS CHANGED.`,
    'Somebody may be between you and the server, or it has a new key. Nothing was sent.',
    `Known:  ${fingerprint(expected)} (${place})`,
    `Proved: ${fingerprint(identity)}`,
    `Ask its operator, by another way than this connection. Only if the new fingerprint is right, run \`e2eeftp trust remove ${where}\`, and then \`e2eeftp trust add ${where}\` with the new fingerprint.`,
  ];
  return new UntrustedServerError('changed-server', message.join('\n'), identity);
}
