import {
  defaultBackend,
  fingerprint,
  formatPublicKey,
  openV1Hello,
  V1Handshake,
  v1HelloLength,
  v1HelloPrefix,
  type Identity,
  type V1Keys,
} from '@e2eeftp/crypto';
import { TransportError, type Transport } from '@e2eeftp/transport';

import { asDistrust, ClientError } from '../errors.js';
import type { ServerVerifier } from '../home/server-trust.js';

/**
 * Goes through the client's side of the v1 handshake (SPEC.md, first generation).
 *
 * @param transport - the way to the server
 * @param identity - who the client is
 * @param verifyServer - decides about the server's identity
 * @returns the connection's keys, to be wiped after use
 * @throws ClientError, or the errors of the transport and of the handshake
 */
export async function shakeV1Hands(
  transport: Transport,
  identity: Identity,
  verifyServer: ServerVerifier,
): Promise<V1Keys> {
  const handshake = new V1Handshake({ backend: defaultBackend, identity });
  try {
    await transport.write([handshake.hello]);
    const server = openV1Hello(defaultBackend, await readHello(transport, identity));
    try {
      verifyServer(server.identity);
    } catch (error) {
      throw asDistrust(error);
    }
    return handshake.agree(server);
  } finally {
    handshake.dispose();
  }
}

async function readHello(transport: Transport, identity: Identity): Promise<Uint8Array> {
  const hello = new Uint8Array(v1HelloLength);
  for (let length = 0; length < hello.length;) {
    const chunk = await nextChunk(transport);
    if (!chunk) throw length === 0 ? refused(identity) : brokenOff();
    const end = length + chunk.length;
    // A server says nothing more before it is asked, and a hello has one length only: whatever
    // another one announces, nothing of it is waited for.
    if (end > hello.length) throw notFirstGeneration();
    hello.set(chunk, length);
    length = end;
    const isHello = v1HelloPrefix.every((byte, index) => index >= end || hello[index] === byte);
    if (!isHello) throw notFirstGeneration();
  }
  return hello;
}

/** A server that closes with something unread resets the connection: that is an end as well. */
async function nextChunk(transport: Transport): Promise<Uint8Array | undefined> {
  try {
    return await transport.read();
  } catch (error) {
    if (error instanceof TransportError && error.code === 'reset') return undefined;
    throw error;
  }
}

function refused({ publicKey }: Identity): ClientError {
  const reasons = [
    'The server closed the connection without a word, as the first generation of the protocol refuses.',
    `Either it does not authorize this identity (${fingerprint(publicKey)}): its operator adds the line ${formatPublicKey(publicKey)} to authorized_clients.pub.`,
    'Or it does not speak the first generation: an e2eeftp-server does only with --allow-v1, and is better reached without v1.',
    'Or it did not take the hello: then try again.',
  ];
  return new ClientError('not-authorized', reasons.join(' '));
}

function notFirstGeneration(): ClientError {
  return new ClientError(
    'not-e2eeftp',
    'What answers there does not speak the first generation of the protocol; check host and port',
  );
}

function brokenOff(): ClientError {
  return new ClientError('disconnected', 'The server ended the connection within its hello');
}
