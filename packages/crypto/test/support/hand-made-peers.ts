import type { Identity } from '../../src/index.js';
import {
  concatBytes,
  encodeRecordHeader,
  labels,
  TrafficKey,
  type CryptoBackend,
  type RecordType,
} from '../../src/index.js';
import { openServerAuth } from '../../src/handshake/auth.js';
import {
  decodeClientHello,
  decodeServerHello,
  encodeClientHello,
  encodeServerHello,
} from '../../src/handshake/hello.js';
import {
  deriveHandshakeSecrets,
  hashHellos,
  hashServerAuth,
} from '../../src/handshake/key-schedule.js';

const suite = 1;

/** The position in the handshake where a hand-made peer may say whatever it likes. */
export interface Stage {
  /** The transcript hash that an honest peer would sign here. */
  readonly transcript: Uint8Array;
  /** An earlier transcript hash, or the same. */
  readonly earlier: Uint8Array;
  /** Seals anything as this peer's authentication record. */
  seal(plaintext: Uint8Array, type?: RecordType): Uint8Array;
}

/** A client whose hello is honest, and whose ClientAuth the test makes. */
export function handMadeClient(backend: CryptoBackend): {
  hello: Uint8Array;
  hear(serverFlight: Uint8Array): Stage;
} {
  const x25519 = backend.x25519.generate();
  const mlKem = backend.mlKem768.generate();
  const hello = encodeClientHello({
    suites: [suite],
    x25519: x25519.publicKey,
    encapsulationKey: mlKem.encapsulationKey,
  });
  return {
    hello,
    hear(serverFlight) {
      const serverHello = serverFlight.slice(0, 1124);
      const chosen = decodeServerHello(serverHello.subarray(2), [suite]);
      const th1 = hashHellos(backend, hello, serverHello);
      const { c_hs, s_hs } = deriveHandshakeSecrets(
        backend,
        th1,
        mlKem.decapsulate(chosen.ciphertext),
        x25519.agree(chosen.x25519),
      );
      const serverKey = new TrafficKey(backend, suite, s_hs);
      const server = openServerAuth(backend, serverFlight.slice(1124), th1, serverKey);
      const th2 = hashServerAuth(backend, th1, server.plaintext);
      return { transcript: th2, earlier: th1, seal: sealer(new TrafficKey(backend, suite, c_hs)) };
    },
  };
}

/** A server whose hello is honest, and whose ServerAuth the test makes. */
export function handMadeServer(
  backend: CryptoBackend,
  clientHello: Uint8Array,
): Stage & { readonly hello: Uint8Array } {
  const offer = decodeClientHello(clientHello.subarray(6));
  const x25519 = backend.x25519.generate();
  const { ciphertext, sharedSecret } = backend.mlKem768.encapsulate(offer.encapsulationKey);
  const hello = encodeServerHello({ suite, x25519: x25519.publicKey, ciphertext });
  const th1 = hashHellos(backend, clientHello, hello);
  const secret = x25519.agree(offer.x25519);
  const { s_hs } = deriveHandshakeSecrets(backend, th1, sharedSecret, secret);
  return {
    hello,
    transcript: th1,
    earlier: th1,
    seal: sealer(new TrafficKey(backend, suite, s_hs)),
  };
}

/** An identity followed by its signature, as both authentication messages hold it. */
export function proof(
  identity: Identity,
  label: Uint8Array,
  transcript: Uint8Array,
  claimed: Uint8Array = identity.publicKey,
): Uint8Array {
  const text = concatBytes(label, Uint8Array.of(0), transcript, claimed);
  return concatBytes(claimed, identity.sign(text));
}

export const clientLabel = labels.clientAuthSignature;
export const serverLabel = labels.serverAuthSignature;

function sealer(key: TrafficKey): Stage['seal'] {
  return (plaintext, type = 'handshake') => {
    const header = encodeRecordHeader(type, plaintext.length + 16);
    return concatBytes(header, ...key.seal(header, [plaintext], plaintext.length));
  };
}
