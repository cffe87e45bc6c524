import type { CryptoBackend } from '../backend.js';
import { concatBytes } from '../bytes.js';
import { CryptoError } from '../errors.js';
import type { Identity } from '../identity/identity.js';
import { RecordOpener } from '../record/record-opener.js';
import { RecordSealer } from '../record/record-sealer.js';
import { TrafficKey } from '../record/traffic-key.js';
import { defaultSuites, isSuite, type Suite } from '../suites.js';
import { clientAuthRecordLength, openClientAuth, sealServerAuth } from './auth.js';
import { Handshake, type HandshakeRole } from './handshake.js';
import {
  clientHelloBodyLength,
  clientHelloPrefixLength,
  decodeClientHello,
  encodeServerHello,
} from './hello.js';
import {
  deriveApplicationSecrets,
  deriveHandshakeSecrets,
  hashClientAuth,
  hashHellos,
  hashServerAuth,
} from './key-schedule.js';

/** What the server's side of a handshake needs. */
export interface ResponderOptions {
  /** The primitives to use. */
  readonly backend: CryptoBackend;
  /** Who the server is. */
  readonly identity: Identity;
  /** Cipher suites that it takes; by default all. The client's order decides. */
  readonly suites?: readonly Suite[];
}

/**
 * Begins the server's side of the handshake (SPEC.md, handshake).
 *
 * The client's signature is verified before the result is given out, and authorization is left
 * to the caller, so that nobody can ask which identities are authorized without owning one.
 *
 * @param options - who the server is
 * @returns the state machine
 */
export function respondToHandshake(options: ResponderOptions): Handshake {
  return new Handshake(responder(options));
}

function* responder(options: ResponderOptions): HandshakeRole {
  const { backend, identity, suites = defaultSuites } = options;
  const prefix = yield { read: clientHelloPrefixLength };
  const body = yield { read: clientHelloBodyLength(prefix) };
  const offer = decodeClientHello(body);
  const suite = chooseSuite(offer.suites, suites);

  const x25519 = backend.x25519.generate();
  // The cheap key agreement comes first: a share that it refuses costs us no encapsulation.
  const x25519Secret = x25519.agree(offer.x25519);
  x25519.dispose();
  const { ciphertext, sharedSecret } = backend.mlKem768.encapsulate(offer.encapsulationKey);
  const serverHello = encodeServerHello({ suite, x25519: x25519.publicKey, ciphertext });
  const th1 = hashHellos(backend, concatBytes(prefix, body), serverHello);
  const { hs, c_hs, s_hs } = deriveHandshakeSecrets(backend, th1, sharedSecret, x25519Secret);
  const serverKey = new TrafficKey(backend, suite, s_hs);
  const clientKey = new TrafficKey(backend, suite, c_hs);

  const serverAuth = sealServerAuth(identity, th1, serverKey);
  serverKey.dispose();
  const th2 = hashServerAuth(backend, th1, serverAuth.plaintext);
  yield { send: concatBytes(serverHello, serverAuth.record) };

  const client = openClientAuth(backend, yield { read: clientAuthRecordLength }, th2, clientKey);
  clientKey.dispose();
  const th3 = hashClientAuth(backend, th2, client.plaintext);

  const { c_ap, s_ap, binding } = deriveApplicationSecrets(backend, th3, hs);
  return {
    peerIdentity: client.identity,
    suite,
    channelBinding: binding,
    sealer: new RecordSealer(new TrafficKey(backend, suite, s_ap)),
    opener: new RecordOpener(new TrafficKey(backend, suite, c_ap)),
  };
}

function chooseSuite(offered: readonly number[], supported: readonly Suite[]): Suite {
  for (const candidate of offered) {
    if (isSuite(candidate) && supported.includes(candidate)) return candidate;
  }
  throw new CryptoError('no-common-suite', 'The client offers no cipher suite that is supported');
}
