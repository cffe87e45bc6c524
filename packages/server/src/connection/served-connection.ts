/** A client's connection, whichever generation of the protocol it speaks. */
export interface ServedConnection {
  /**
   * Serves the client until one side ends the connection. It never fails.
   *
   * @returns once everything that belonged to the connection is freed
   */
  run(): Promise<void>;

  /**
   * Ends the connection because the server closes: requests under way are answered first, as
   * long as there is time for it. `run` settles soon afterwards.
   *
   * @returns once the last word is said, or the time for it is over
   */
  shutDown(): Promise<void>;

  /**
   * Looks whether the client may still do what it could when it came, and ends the connection at
   * once when not, or when that cannot be said. It never fails.
   */
  review(): Promise<void>;
}
