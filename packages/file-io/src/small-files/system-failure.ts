/** An error of the system, on its way between threads, where it would lose its code. */
export interface SystemFailure {
  readonly message: string;
  readonly code?: unknown;
  readonly syscall?: unknown;
}

/**
 * @param error - what the system threw
 * @returns the same, for another thread
 */
export function packError(error: unknown): SystemFailure {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message } = error;
  const code = 'code' in error ? error.code : undefined;
  const syscall = 'syscall' in error ? error.syscall : undefined;
  return { message, code, syscall };
}

/**
 * @param failure - what another thread has packed
 * @returns the error
 */
export function unpackError({ message, code, syscall }: SystemFailure): Error {
  return Object.assign(new Error(message), { code, syscall });
}
