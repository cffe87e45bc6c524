import { printable, ServerError, StoreError, TransportError } from '@e2eeftp/server';

/** The program was called in a way that makes no sense; the message says what would. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

/** Something could not be done; the message says why, and what to do about it. */
export class CommandFailure extends Error {
  override readonly name: string = 'CommandFailure';
}

/** The configuration file cannot be used; each line says where it is wrong, and how. */
export class ConfigurationFailure extends CommandFailure {
  override readonly name: string = 'ConfigurationFailure';
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('; '));
    this.lines = lines;
  }
}

/** What a person hears of a failure. */
export interface Failure {
  /** A line; several, each with the program's name, where several things are wrong. */
  readonly message: string;
  readonly exitCode: 1 | 2;
}

const listenAdvice: ReadonlyMap<unknown, string> = new Map([
  ['EADDRINUSE', 'stop the program that uses the port, or choose another with --port'],
  ['EACCES', 'choose a port above 1023 with --port'],
  ['EADDRNOTAVAIL', 'choose an address of this machine with --host'],
  ['ENOTFOUND', 'choose an address of this machine with --host'],
]);

/**
 * @param error - what was thrown
 * @returns what to say of it, and how to exit
 */
export function describeFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { message: printable(String(error)), exitCode: 1 };
  if (error instanceof UsageError) {
    const message = `${printable(error.message.replaceAll(/\s*\n\s*/gu, ' '))}; \`e2eeftp-server --help\` shows what there is`;
    return { message, exitCode: 2 };
  }
  if (error instanceof ConfigurationFailure) {
    const lines = error.lines.map((line) => printable(line));
    return { message: lines.join('\ne2eeftp-server: '), exitCode: 1 };
  }
  return { message: messageOf(error), exitCode: 1 };
}

function messageOf(error: Error): string {
  if (error instanceof TransportError) {
    const advice = listenAdvice.get(codeOf(error.cause));
    return printable(advice === undefined ? error.message : `${error.message}; ${advice}`);
  }
  const isExpected =
    error instanceof ServerError ||
    error instanceof StoreError ||
    error instanceof CommandFailure ||
    codeOf(error) !== undefined;
  // Anything else is a fault of this program, and the place where it happened helps to find it.
  return isExpected ? printable(error.message) : (error.stack ?? error.message);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
