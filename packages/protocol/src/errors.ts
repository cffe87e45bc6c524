/**
 * Why a session or a value of the protocol was refused.
 *
 * - `malformed`: the peer sent what the specification does not allow; the connection must end.
 * - `truncated`: the peer's stream ended without a close record, so whatever was under way failed.
 * - `incomplete`: the peer gave a body up, or its size is not what the peer says; the connection
 *   stays usable.
 * - `bad-path`: a name breaks the path rules.
 * - `misuse`: this side called a session out of order, or asked it to send what cannot be sent.
 */
export type ProtocolErrorCode = 'malformed' | 'truncated' | 'incomplete' | 'bad-path' | 'misuse';

/**
 * The error type of this package. Match on {@link ProtocolError.code}, never on the message.
 */
export class ProtocolError extends Error {
  override readonly name: string = 'ProtocolError';
  readonly code: ProtocolErrorCode;

  /**
   * @param code - what failed
   * @param message - what happened and what to do next
   * @param options - the `cause`, when another error led here
   */
  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
