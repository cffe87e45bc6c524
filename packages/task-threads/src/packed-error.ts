/** An error on its way between threads, where it would lose its code. */
export interface PackedError {
  readonly message: string;
  readonly code?: unknown;
  readonly syscall?: unknown;
}

/**
 * @param error - what was thrown
 * @returns the same, for another thread
 */
export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message } = error;
  const code = 'code' in error ? error.code : undefined;
  const syscall = 'syscall' in error ? error.syscall : undefined;
  return { message, code, syscall };
}

/**
 * @param packed - what another thread has packed
 * @returns an error of that code
 */
export function unpackError({ message, code, syscall }: PackedError): Error {
  return Object.assign(new Error(message), { code, syscall });
}
