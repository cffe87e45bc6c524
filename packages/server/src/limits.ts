import type { AdmissionLimits } from './admission/admission.js';

/** What a server allows its peers, all times in milliseconds. */
export interface ServerLimits extends AdmissionLimits {
  /** For the whole handshake; a stranger holds a connection no longer. */
  readonly handshakeTimeout: number;
  /** Without a request; then the connection is closed with 408. */
  readonly idleTimeout: number;
  /** Without a byte moving in a transfer that waits for the client. */
  readonly progressTimeout: number;
  /** For what is under way when the server closes. */
  readonly drainTimeout: number;
  /** Bytes of a file. */
  readonly fileSize: number;
  /** Requests of a connection that are worked on at once. */
  readonly overlap: number;
  /** Requests a second of one identity, over all its connections; 0 for as many as it likes. */
  readonly requestRate: number;
}

/** What a server allows when its owner says nothing else. */
export const defaultServerLimits: ServerLimits = {
  handshakeTimeout: 10_000,
  idleTimeout: 300_000,
  progressTimeout: 60_000,
  drainTimeout: 10_000,
  connections: 4096,
  connectionsPerAddress: 1024,
  handshakes: 128,
  delaysFailures: true,
  fileSize: Number.MAX_SAFE_INTEGER,
  overlap: 16,
  requestRate: 5000,
};
