import { CryptoError } from '@e2eeftp/crypto';
import { printable, ProtocolError } from '@e2eeftp/protocol';
import { TransportError } from '@e2eeftp/transport';

/**
 * Why an operation of the client failed: a closed set, by which programs decide what to do.
 *
 * No connection: `unreachable` (nothing answers there), `disconnected` (it broke), `timed-out`
 * (nothing moved for too long), `not-e2eeftp` (something else answers, or the peer broke the
 * protocol), `shutting-down`.
 * Trust: `unknown-server`, `changed-server`, `not-authorized`, `not-allowed`.
 * The request: `not-found`, `conflict`, `bad-request`, `bad-name`, `bad-range`, `too-large`,
 * `no-space`, `too-many-requests`, `server-failed`.
 * This side: `too-many-removals` (a sync would empty most of its target), `local-file`, `integrity` (what arrived is not what was sent), `bad-identity`,
 * `bad-configuration`, `aborted`, `closed`.
 */
export type ClientErrorCode =
  | 'unreachable'
  | 'disconnected'
  | 'timed-out'
  | 'not-e2eeftp'
  | 'shutting-down'
  | 'unknown-server'
  | 'changed-server'
  | 'not-authorized'
  | 'not-allowed'
  | 'not-found'
  | 'conflict'
  | 'bad-request'
  | 'bad-name'
  | 'bad-range'
  | 'too-large'
  | 'no-space'
  | 'too-many-removals'
  | 'too-many-requests'
  | 'server-failed'
  | 'local-file'
  | 'integrity'
  | 'bad-identity'
  | 'bad-configuration'
  | 'aborted'
  | 'closed';

/**
 * The error type of this package. Match on {@link ClientError.code}, never on the message, which
 * is for people and says what to do next.
 */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
  /** Why the operation failed. */
  readonly code: ClientErrorCode;

  /**
   * @param code - what failed
   * @param message - what happened, to what, and what to do next
   * @param options - the `cause`, when another error led here
   */
  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * A server that the client does not trust, with what a person needs to decide about it.
 */
export class UntrustedServerError extends ClientError {
  override readonly name: string = 'UntrustedServerError';
  /** The identity that the server proved, 32 bytes. */
  readonly serverIdentity: Uint8Array;

  /**
   * @param code - whether the server was never seen, or is another than before
   * @param message - what happened and what to do next
   * @param serverIdentity - the identity that the server proved, 32 bytes
   */
  constructor(
    code: 'unknown-server' | 'changed-server',
    message: string,
    serverIdentity: Uint8Array,
  ) {
    super(code, message);
    this.serverIdentity = serverIdentity;
  }
}

const statusCodes: ReadonlyMap<number, ClientErrorCode> = new Map([
  [400, 'bad-request'],
  [403, 'not-allowed'],
  [404, 'not-found'],
  [408, 'timed-out'],
  [409, 'conflict'],
  [413, 'too-large'],
  [416, 'bad-range'],
  [429, 'too-many-requests'],
  [503, 'shutting-down'],
  [507, 'no-space'],
]);

const statusAdvice: ReadonlyMap<number, string> = new Map([
  [400, 'the server did not understand the request; it may be older or newer than this client'],
  [403, 'this server does not allow you to do that; ask its operator for access'],
  [404, 'there is no such file or folder on the server; list its folder to see what there is'],
  [
    409,
    'something is in the way on the server: it exists, is not empty, is of another kind, or has changed',
  ],
  [413, 'it is larger than the server takes; its operator can raise the limit'],
  [416, 'the file has no such part; ask for its size first'],
  [429, 'the server has too much to do; try again in a moment'],
  [500, 'the server failed; its operator finds the reason in its log'],
  [503, 'the server is shutting down; try again in a moment'],
  [507, 'the server has no space left; remove something, or ask its operator for more'],
]);

/**
 * Turns a refusal of the server into an error.
 *
 * @param what - what was asked, as people name it
 * @param status - the status of the answer
 * @param text - the server's words, which are shown only harmless
 * @returns the error
 */
export function errorForStatus(what: string, status: number, text: string): ClientError {
  const code = statusCodes.get(status) ?? (status >= 500 ? 'server-failed' : 'bad-request');
  const advice = statusAdvice.get(status) ?? printable(text);
  return new ClientError(code, `${what}: ${advice} (${status} ${printable(text)})`);
}

const transportCodes = {
  refused: 'unreachable',
  unreachable: 'unreachable',
  unavailable: 'unreachable',
  'timed-out': 'timed-out',
  reset: 'disconnected',
  closed: 'closed',
  aborted: 'aborted',
} as const;

const transportAdvice: ReadonlyMap<string, string> = new Map([
  ['refused', 'nothing listens there; check the address, and whether the server runs'],
  ['unreachable', 'check the name, and the network'],
]);

const systemAdvice: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'check the path'],
  ['ENOTDIR', 'a part of the path is no folder'],
  ['EISDIR', 'a folder has that name'],
  ['EEXIST', 'something else has that name'],
  ['EACCES', 'check its permissions'],
  ['EPERM', 'check its permissions'],
  ['EROFS', 'choose another place'],
  ['ENOSPC', 'make room, and try again'],
  ['EDQUOT', 'make room, and try again'],
  ['EMFILE', 'raise the limit of open files (`ulimit -n`)'],
  ['ENAMETOOLONG', 'choose a shorter name'],
]);

function withAdvice(message: string, advice: string | undefined): string {
  return advice === undefined ? message : `${message}; ${advice}`;
}

/**
 * Turns whatever ended a connection into an error of this package.
 *
 * @param error - what was thrown
 * @returns the error itself when it is one already
 */
export function asClientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  if (error instanceof TransportError) {
    const message = withAdvice(error.message, transportAdvice.get(error.code));
    return new ClientError(transportCodes[error.code], message, { cause: error });
  }
  if (error instanceof ProtocolError) {
    const codes = {
      malformed: 'not-e2eeftp',
      truncated: 'disconnected',
      incomplete: 'integrity',
      'bad-path': 'bad-name',
      misuse: 'bad-request',
    } as const;
    return new ClientError(codes[error.code], error.message, { cause: error });
  }
  if (error instanceof CryptoError) {
    return new ClientError('not-e2eeftp', `The connection cannot be trusted: ${error.message}`, {
      cause: error,
    });
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return new ClientError('aborted', 'The operation was cancelled', { cause: error });
  }
  if (error instanceof Error && 'code' in error && 'syscall' in error) {
    const message = withAdvice(error.message, systemAdvice.get(String(error.code)));
    return new ClientError('local-file', message, { cause: error });
  }
  return new ClientError(
    'bad-request',
    error instanceof Error ? error.message : 'Unknown failure',
    {
      cause: error,
    },
  );
}

/**
 * Turns the failure of a source or a target, which may be anybody's stream, into an error of this
 * package.
 *
 * @param error - what it threw
 * @returns the error itself when it is one already; otherwise `local-file`, or `aborted`
 */
export function asLocalError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  if (error instanceof Error && error.name === 'AbortError') return asClientError(error);
  if (!(error instanceof Error)) {
    return new ClientError('local-file', 'Unknown failure', { cause: error });
  }
  const advice = 'code' in error ? systemAdvice.get(String(error.code)) : undefined;
  return new ClientError('local-file', withAdvice(error.message, advice), { cause: error });
}

/**
 * For the `catch` of a promise: see {@link asLocalError}.
 *
 * @param error - what a source or a target failed with
 * @throws ClientError
 */
export function rethrowAsLocal(error: unknown): never {
  throw asLocalError(error);
}

/**
 * Turns what a verifier throws, which may be anybody's function, into an error of this package.
 *
 * @param error - why the server is not to be trusted
 * @returns the error itself when it is one already; otherwise `unknown-server`
 */
export function asDistrust(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  const message = error instanceof Error ? error.message : 'The server is not trusted';
  return new ClientError('unknown-server', message, { cause: error });
}

/**
 * @param signal - the caller's signal
 * @throws ClientError when it has said so: see {@link abortedError}
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedError(signal);
}

/**
 * @param signal - a signal that has said so
 * @returns the error that operations under way fail with: what this package has cut them short with;
 *   `timed-out` for an `AbortSignal.timeout`; else `aborted`
 */
export function abortedError(signal: AbortSignal): ClientError {
  const cause: unknown = signal.reason;
  if (cause instanceof ClientError) return new ClientError(cause.code, cause.message, { cause });
  if (cause instanceof Error && cause.name === 'TimeoutError') {
    const message =
      'It was not done before the signal’s time was over; try again, or allow more time';
    return new ClientError('timed-out', message, { cause });
  }
  return new ClientError('aborted', 'The operation was cancelled', { cause });
}
