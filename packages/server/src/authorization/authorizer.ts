import type { Access, RemotePath } from '@e2eeftp/protocol';

/** A client that may use the server. */
export interface AuthorizedClient {
  /** Its Ed25519 public key, 32 bytes. */
  readonly identity: Uint8Array;
  /** What the operator calls it; for logs and WHOAMI. */
  readonly name: string | undefined;
  /** What it may do. */
  readonly access: Access;
  /** Whether it may come by the protocol's first generation too, where the server serves that. */
  readonly v1?: boolean | undefined;
  /** The folder that is its `received`, such as `received/alice`; by default that itself. */
  readonly home?: RemotePath | undefined;
  /**
   * Bytes that it may have: of all files that it can see, and of unfinished uploads to there. By
   * default as many as there is room for.
   */
  readonly quota?: number | undefined;
  /** When its authorization ends, in milliseconds since 1970; by default never. */
  readonly expires?: number | undefined;
}

/** Decides who may use a server. */
export interface Authorizer {
  /**
   * @param identity - an identity whose owner has just proved that it is his, 32 bytes
   * @returns the client, or `undefined` when it may not come in
   */
  authorize(identity: Uint8Array): Promise<AuthorizedClient | undefined>;

  /**
   * Tells of changes, where there can be any, so that a client that has lost its authorization
   * loses its open connections too.
   *
   * @param onChange - called soon after each change
   * @returns ends the watch
   */
  watch?(onChange: () => void): () => void;
}
