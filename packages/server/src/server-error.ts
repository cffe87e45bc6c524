/**
 * Why a server could not be set up, or why an edit of its files was refused.
 *
 * - `in-use`: another process serves the data directory.
 * - `bad-file`: a file in the data directory is not what it should be.
 * - `bad-option`: an option or argument makes no sense.
 * - `not-running`: the server was not started, or is closed.
 */
export type ServerErrorCode = 'in-use' | 'bad-file' | 'bad-option' | 'not-running';

/**
 * Turns an error of the operating system into a server's.
 *
 * @param what - what was tried, as the start of a sentence
 * @param error - what came back
 * @returns `bad-file`, or the error itself when it is none of the system's
 */
export function asServerError(what: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return new ServerError('bad-file', `${what}: ${error.message}`, { cause: error });
}

/**
 * What setting up or running a server throws, apart from `TransportError` and `StoreError`.
 */
export class ServerError extends Error {
  override readonly name: string = 'ServerError';
  readonly code: ServerErrorCode;

  /**
   * @param code - what failed
   * @param message - what happened and what to do next
   * @param options - the `cause`, when another error led here
   */
  constructor(code: ServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
