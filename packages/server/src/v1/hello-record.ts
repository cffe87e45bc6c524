/**
 * Remembers the ephemeral keys of v1 clients. Their hellos carry no time and name no server, so
 * without such a record whoever has once recorded one could send it again, and LIST and DELETE need
 * nothing more.
 */
export interface HelloRecord {
  /**
   * Takes a hello as used. It must be durable before this returns, and in force for every process
   * that serves the same files.
   *
   * @param identity - who has signed it, 32 bytes
   * @param ephemeral - the ephemeral key in it, 32 bytes
   * @returns whether it was never used before
   */
  claim(identity: Uint8Array, ephemeral: Uint8Array): Promise<boolean>;
}
