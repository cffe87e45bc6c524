import {
  equalBytes,
  Identity,
  initiateHandshake,
  respondToHandshake,
  type CryptoBackend,
  type Handshake,
  type Suite,
} from '../../src/index.js';
import { unhex } from './bytes.js';

export const serverSeed = unhex('51'.repeat(32));
export const clientSeed = unhex('c1'.repeat(32));

/** A client that knows the server. */
export function makeClient(backend: CryptoBackend, suites?: readonly Suite[]): Handshake {
  const known = new Identity(serverSeed, backend).publicKey;
  return initiateHandshake({
    backend,
    identity: new Identity(clientSeed, backend),
    acceptServer: (identity) => equalBytes(identity, known),
    ...(suites && { suites }),
  });
}

export function makeServer(backend: CryptoBackend, suites?: readonly Suite[]): Handshake {
  return respondToHandshake({
    backend,
    identity: new Identity(serverSeed, backend),
    ...(suites && { suites }),
  });
}
