/** The code of the error that a call throws; `undefined` when it throws none. */
export function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    return describe(error).code;
  }
  return undefined;
}

/** Which error class and code a call ends with, such as `ProtocolError malformed`. */
export function failureOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    const { name, code } = describe(error);
    return `${name} ${code}`;
  }
  return undefined;
}

/** What led to the error that a call throws. */
export function causeOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error.cause;
  }
  return undefined;
}

function describe(error: unknown): { name: string; code: string } {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) throw error;
  return { name: error.name, code: error.code };
}
