import { ClientError, type ClientErrorCode } from '@e2eeftp/client';

import { exitCodeFor, exitCodes, type ExitCode } from './exit-code.js';

/** The program was called in a way that it does not understand. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
}

/** Nobody reads what the program writes any more, as behind `| head`: it ends, and says nothing. */
export class OutputClosedError extends Error {
  override readonly name = 'OutputClosedError';
  readonly code = 'output-closed';
}

/** What to do about failures whose messages cannot say it: only this program knows its options. */
const nextSteps: Readonly<Partial<Record<ClientErrorCode, string>>> = {
  disconnected: 'Try again in a moment',
  'timed-out': 'Try again, or wait longer with --timeout SECONDS',
  'not-e2eeftp':
    'Check host and port, and which generation of the protocol the server speaks (--v1)',
};

/** A failure as it is shown. */
export interface Failure {
  /** For programs: a `ClientErrorCode`, `usage`, or `internal`. */
  readonly code: string;
  /** For people; may have several lines. */
  readonly message: string;
  readonly exitCode: ExitCode;
}

/**
 * @param error - what was thrown
 * @returns how to show it
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof ClientError) {
    const { code, message } = error;
    const step = nextSteps[code];
    const text = step === undefined ? message : `${message}. ${step}`;
    return { code, message: text, exitCode: exitCodeFor(code) };
  }
  if (error instanceof UsageError) {
    return { code: error.code, message: error.message, exitCode: exitCodes.usage };
  }
  if (isAbandonedPrompt(error)) {
    return { code: 'aborted', message: 'Interrupted', exitCode: exitCodes.interrupted };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message, exitCode: exitCodes.failed };
}

/** Codes of failures that everything else to be done would meet too. */
const endsEverythingCodes: ReadonlySet<string> = new Set([
  'internal',
  'unknown-server',
  'changed-server',
  'not-authorized',
]);

/**
 * @param failure - what became of one of several things to be done
 * @returns whether the others would meet it too
 */
export function endsEverything({ code, exitCode }: Failure): boolean {
  const isOver = exitCode === exitCodes.noConnection || exitCode === exitCodes.interrupted;
  return isOver || endsEverythingCodes.has(code);
}

/**
 * @param error - what was thrown
 * @returns whether the reason is that nobody reads the output any more
 */
export function isBrokenPipe(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === 'EPIPE' && isWrite(cause)) return true;
  }
  return false;
}

/** A connection breaks with the same code; but that is a transport's error, with a cause of its own. */
function isWrite(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'write' && !('address' in error);
}

/** What Ctrl-C and a signal make of a question. */
function isAbandonedPrompt(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'ExitPromptError' || error.name === 'AbortPromptError')
  );
}
