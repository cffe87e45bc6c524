import type { ClientErrorCode } from '@e2eeftp/client';

/** What the exit code says about a failure. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  noConnection: 3,
  notTrusted: 4,
  notFound: 5,
  conflict: 6,
  integrity: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const exitCodeOfError: Readonly<Record<ClientErrorCode, ExitCode>> = {
  unreachable: exitCodes.noConnection,
  disconnected: exitCodes.noConnection,
  'timed-out': exitCodes.noConnection,
  'not-e2eeftp': exitCodes.noConnection,
  'shutting-down': exitCodes.noConnection,
  'unknown-server': exitCodes.notTrusted,
  'changed-server': exitCodes.notTrusted,
  'not-authorized': exitCodes.notTrusted,
  'not-allowed': exitCodes.notTrusted,
  'not-found': exitCodes.notFound,
  conflict: exitCodes.conflict,
  integrity: exitCodes.integrity,
  'bad-name': exitCodes.usage,
  'bad-identity': exitCodes.usage,
  'bad-configuration': exitCodes.usage,
  'bad-request': exitCodes.failed,
  'bad-range': exitCodes.failed,
  'too-large': exitCodes.failed,
  'no-space': exitCodes.failed,
  'too-many-removals': exitCodes.failed,
  'too-many-requests': exitCodes.failed,
  'server-failed': exitCodes.failed,
  'local-file': exitCodes.failed,
  closed: exitCodes.failed,
  aborted: exitCodes.interrupted,
};

/**
 * @param code - what failed
 * @returns the exit code that says so
 */
export function exitCodeFor(code: ClientErrorCode): ExitCode {
  return exitCodeOfError[code];
}

/**
 * @param codes - the exit codes of everything that was done
 * @returns `done` if nothing failed, the code of the failures if they have one in common, else `failed`
 */
export function combineExitCodes(codes: Iterable<ExitCode>): ExitCode {
  const [first, second] = new Set([...codes].filter((code) => code !== exitCodes.done));
  if (first === undefined) return exitCodes.done;
  return second === undefined ? first : exitCodes.failed;
}
