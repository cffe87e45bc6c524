/**
 * An ordered, reliable duplex of bytes between two ends: all that the protocol needs of a
 * network. TCP is one, a pair in memory another.
 *
 * One reader at a time; what several write goes out in the order of their calls. Every promise
 * settles: with a result, or with a {@link TransportError} once the transport failed, was
 * destroyed, or stood still for longer than {@link Transport.setIdleTimeout} allows.
 */
export interface Transport {
  /** Where the other end is, such as `192.0.2.7:49152`; for logs. */
  readonly peer: string;

  /**
   * Waits for bytes from the other end.
   *
   * Bytes are taken from the network only as they are read, up to a small buffer, so that not
   * reading slows the sender down.
   *
   * @returns the next bytes, at least one, valid until the next call; `undefined` once the other
   *   end has ended its direction
   * @throws TransportError
   */
  read(): Promise<Uint8Array | undefined>;

  /**
   * Sends bytes.
   *
   * @param parts - what to send, in order; they must not change afterwards
   * @returns once so little is waiting to be sent that more may be written. That says nothing
   *   of their arrival
   * @throws TransportError
   */
  write(parts: readonly Uint8Array[]): Promise<void>;

  /**
   * Ends this end's direction, behind everything that was written. Reading goes on.
   *
   * @returns once everything was handed to the network
   * @throws TransportError
   */
  end(): Promise<void>;

  /**
   * Bounds how long nothing may move in either direction; then the transport fails with
   * `timed-out`. A slow connection on which bytes move never fails by this.
   *
   * @param milliseconds - the bound, which starts anew with this call; 0 lifts it
   */
  setIdleTimeout(milliseconds: number): void;

  /**
   * Ends both directions at once and frees everything. What was not sent is lost; waiting calls
   * fail. Calling it again does nothing.
   *
   * @param reason - what waiting and later calls fail with, when it is a TransportError; any other
   *   error becomes the cause of a `closed` error
   */
  destroy(reason?: Error): void;
}

/** A place where transports arrive. */
export interface Listener {
  /** Where it listens. */
  readonly address: { readonly host: string; readonly port: number };
  /** Stops taking connections; those that exist stay. */
  close(): Promise<void>;
}
