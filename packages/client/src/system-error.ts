/**
 * @param error - what was thrown
 * @param code - the system's name of the failure, such as `ENOENT`
 * @returns whether the system failed with it
 */
export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
