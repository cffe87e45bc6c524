import { formatAddress, printable } from '@e2eeftp/server';
import { destination, pino, stdSerializers, type Logger } from 'pino';

import type { logFormats, logLevels } from './settings/table.js';

/** How to log. */
export interface LogOptions {
  readonly level: (typeof logLevels)[number];
  readonly format: (typeof logFormats)[number];
  /** The data directory, which people see in the first line. */
  readonly directory: string;
}

/**
 * Makes the program's logger, which writes to standard output at once: whatever ends the program,
 * what was logged is there.
 *
 * @param options - how to log
 * @returns the logger
 */
export async function makeLogger({ level, format, directory }: LogOptions): Promise<Logger> {
  const options = {
    level,
    base: null,
    serializers: { err: serializeError },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  const stdout = 1;
  if (format === 'json') return pino(options, destination({ dest: stdout, sync: true }));
  const { default: pretty } = await import('pino-pretty');
  const stream = pretty({
    destination: stdout,
    sync: true,
    colorize: process.stdout.isTTY,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss',
    singleLine: true,
    ignore: 'host,port,fingerprint',
    messageFormat: (entry, messageKey) => sentence(entry, String(entry[messageKey]), directory),
  });
  return pino(options, stream);
}

function sentence(entry: Record<string, unknown>, message: string, directory: string): string {
  const { host, port, fingerprint } = entry;
  if (port === undefined) return message;
  const address = formatAddress(String(host), Number(port));
  if (message !== 'listening') return `${message} at ${address}`;
  return `Listening at ${address}, fingerprint ${String(fingerprint)}, data in ${printable(directory)}`;
}

/** The messages of errors can hold names that came from a client. */
function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return printable(String(error));
  const { type, message, stack, code } = stdSerializers.err(error);
  const lines = stack.split('\n').map((line) => printable(line));
  return {
    type,
    message: printable(message),
    ...(typeof code === 'string' && { code }),
    stack: lines.join('\n'),
  };
}
