import { recordLimits } from '@e2eeftp/crypto';

/** Every bound that the protocol itself sets (SPEC.md). Servers may be stricter, never laxer. */
export const limits = {
  /** Bytes of plaintext in a record, and so of a response. */
  record: recordLimits.plaintext,
  /**
   * Bytes of a body that a sender puts into one record: larger ones were measured to gain
   * nothing, and make both sides hold more.
   */
  bodyRecord: 262_144,
  /** Bytes of a request, its body not counted. */
  request: 65_536,
  /** Files of one MGET or MSEND. */
  batchFiles: 256,
  /** Bytes of each of them. */
  batchFileSize: 65_536,
  /** Bytes of all of them. */
  batchSize: 1_048_576,
  /** How deeply the values of a message may be nested. */
  depth: 8,
  /** Bytes of a path. */
  path: 3072,
  /** Bytes of one component of a path. */
  pathComponent: 255,
  /** Components of a path. */
  pathDepth: 32,
  /** Characters of a command word. */
  command: 64,
  /** Characters of a text that is meant for people. */
  text: 1024,
  /** Characters of an etag. */
  etag: 128,
  /** Bytes of a file that one DIGEST reads. */
  digest: 268_435_456,
  /** Permission bits of a file: read, write and execute, for the owner, the group and others. */
  mode: 0o777,
  /** Bytes of the id that a client gives to a resumable upload. */
  uploadId: 16,
  /** Bytes of a card that a client publishes. */
  card: 1536,
  /** Bytes of a command line or an answer's line in the first generation, its line feed included. */
  v1Line: 8192,
} as const;
