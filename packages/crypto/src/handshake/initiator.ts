import type { CryptoBackend, MlKem768KeyPair, X25519KeyPair } from '../backend.js';
import { concatBytes, wipe } from '../bytes.js';
import { CryptoError } from '../errors.js';
import type { Identity } from '../identity/identity.js';
import { RecordOpener } from '../record/record-opener.js';
import { RecordSealer } from '../record/record-sealer.js';
import { TrafficKey } from '../record/traffic-key.js';
import { defaultSuites, type Suite } from '../suites.js';
import { openServerAuth, sealClientAuth, serverAuthRecordLength } from './auth.js';
import { Handshake, type HandshakeRole } from './handshake.js';
import {
  decodeServerHello,
  encodeClientHello,
  serverHelloBodyLength,
  serverHelloPrefixLength,
} from './hello.js';
import {
  deriveApplicationSecrets,
  deriveHandshakeSecrets,
  hashClientAuth,
  hashHellos,
  hashServerAuth,
} from './key-schedule.js';

/** What the client's side of a handshake needs. */
export interface InitiatorOptions {
  /** The primitives to use. */
  readonly backend: CryptoBackend;
  /** Who the client is. */
  readonly identity: Identity;
  /**
   * Decides whether to talk to a server, by the identity (32 bytes) that it just proved.
   * The client reveals nothing about itself to one that is refused.
   */
  readonly acceptServer: (serverIdentity: Uint8Array) => boolean;
  /** At least one cipher suite, in order of preference; by default AES-256-GCM, then ChaCha20-Poly1305. */
  readonly suites?: readonly Suite[];
}

/**
 * Begins the client's side of the handshake (SPEC.md, handshake).
 *
 * @param options - who the client is and whom it trusts
 * @returns the state machine; send what its `start` returns
 */
export function initiateHandshake(options: InitiatorOptions): Handshake {
  return new Handshake(initiator(options));
}

function* initiator(options: InitiatorOptions): HandshakeRole {
  const x25519 = options.backend.x25519.generate();
  const mlKem = options.backend.mlKem768.generate();
  try {
    return yield* initiatorWith(x25519, mlKem, options);
  } finally {
    x25519.dispose();
    mlKem.dispose();
  }
}

function* initiatorWith(
  x25519: X25519KeyPair,
  mlKem: MlKem768KeyPair,
  { backend, identity, acceptServer, suites = defaultSuites }: InitiatorOptions,
): HandshakeRole {
  if (suites.length === 0) throw new CryptoError('misuse', 'Offer at least one cipher suite');
  const clientHello = encodeClientHello({
    suites,
    x25519: x25519.publicKey,
    encapsulationKey: mlKem.encapsulationKey,
  });
  yield { send: clientHello };

  const prefix = yield { read: serverHelloPrefixLength };
  const body = yield { read: serverHelloBodyLength(prefix) };
  const chosen = decodeServerHello(body, suites);
  const serverHello = concatBytes(prefix, body);
  const th1 = hashHellos(backend, clientHello, serverHello);
  const { hs, c_hs, s_hs } = deriveHandshakeSecrets(
    backend,
    th1,
    mlKem.decapsulate(chosen.ciphertext),
    x25519.agree(chosen.x25519),
  );
  const serverKey = new TrafficKey(backend, chosen.suite, s_hs);
  const clientKey = new TrafficKey(backend, chosen.suite, c_hs);

  const server = openServerAuth(backend, yield { read: serverAuthRecordLength }, th1, serverKey);
  serverKey.dispose();
  // Only `true` will do: a promise, from a caller without types, would be true of every server.
  const verdict: unknown = acceptServer(server.identity);
  if (verdict !== true) {
    clientKey.dispose();
    wipe(hs);
    throw new CryptoError('untrusted-server', 'The server has another identity than expected');
  }
  const th2 = hashServerAuth(backend, th1, server.plaintext);

  const clientAuth = sealClientAuth(identity, th2, clientKey);
  clientKey.dispose();
  const th3 = hashClientAuth(backend, th2, clientAuth.plaintext);
  yield { send: clientAuth.record };

  const { c_ap, s_ap, binding } = deriveApplicationSecrets(backend, th3, hs);
  return {
    peerIdentity: server.identity,
    suite: chosen.suite,
    channelBinding: binding,
    sealer: new RecordSealer(new TrafficKey(backend, chosen.suite, c_ap)),
    opener: new RecordOpener(new TrafficKey(backend, chosen.suite, s_ap)),
  };
}
