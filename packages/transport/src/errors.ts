/**
 * Why a transport failed.
 *
 * - `refused`: nothing listens at the address.
 * - `unreachable`: the name does not resolve, or no route leads to the address.
 * - `timed-out`: nothing moved for too long, or no connection came about in time.
 * - `reset`: the other end or the network broke the connection.
 * - `closed`: this end destroyed the transport, or ended its direction before.
 * - `aborted`: the caller's signal said so.
 * - `unavailable`: this machine does not allow it: the address is in use or not its own, or too
 *   many files are open.
 */
export type TransportErrorCode =
  'refused' | 'unreachable' | 'timed-out' | 'reset' | 'closed' | 'aborted' | 'unavailable';

/**
 * The error type of this package. Match on {@link TransportError.code}, never on the message.
 */
export class TransportError extends Error {
  override readonly name: string = 'TransportError';
  readonly code: TransportErrorCode;

  /**
   * @param code - what failed
   * @param message - what happened and what to do next
   * @param options - the `cause`, when another error led here
   */
  constructor(code: TransportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const systemCodes: ReadonlyMap<string, TransportErrorCode> = new Map([
  ['ECONNREFUSED', 'refused'],
  ['ENOTFOUND', 'unreachable'],
  ['EAI_AGAIN', 'unreachable'],
  ['EAI_FAIL', 'unreachable'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['ETIMEDOUT', 'timed-out'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['ECONNABORTED', 'reset'],
]);

/**
 * Turns an error of the operating system into one of this package.
 *
 * @param what - what was tried, as the start of a sentence
 * @param cause - what came back
 * @returns the cause itself when it is one of this package's already
 */
export function asTransportError(what: string, cause: unknown): TransportError {
  if (cause instanceof TransportError) return cause;
  const systemCode = systemCodeOf(cause);
  const code = systemCodes.get(systemCode) ?? 'unavailable';
  const reason = cause instanceof Error && cause.message !== '' ? cause.message : systemCode;
  return new TransportError(code, `${what}: ${reason}`, { cause });
}

/** With several addresses tried, Node gives an AggregateError, whose code is the last attempt's. */
function systemCodeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
