import { ProtocolError } from '../errors.js';
import type { Established } from '@e2eeftp/crypto';

/** What the handshake settled, for logs and for those who ask. */
export interface HandshakeFacts {
  /** The identity that the peer proved, 32 bytes. */
  readonly peerIdentity: Uint8Array;
  /** The cipher suite: 1 is AES-256-GCM, 2 is ChaCha20-Poly1305. */
  readonly suite: Established['suite'];
  /** A value that only this connection's two ends know, 32 bytes. */
  readonly channelBinding: Uint8Array;
}

/** Says that a session was used before its handshake was finished, or after it failed. */
export function notEstablished(): ProtocolError {
  return new ProtocolError('misuse', 'The session is not established');
}
