import { formatAddress, printable } from '@e2eeftp/server';
import { destination, pino, stdSerializers, type DestinationStream, type Logger } from 'pino';

import type { logFormats, logLevels } from './settings/table.js';

/** Characters of log lines that are written even before the turn is over. */
const bufferedLines = 8 * 1024;

/** Characters of log lines that wait where none can be written; what comes then is lost. */
const heldLines = 1024 * 1024;

/** How to log. */
export interface LogOptions {
  readonly level: (typeof logLevels)[number];
  readonly format: (typeof logFormats)[number];
  /** The data directory, which people see in the first line. */
  readonly directory: string;
}

/**
 * Makes the program's logger, which writes to standard output before the program does anything else:
 * unless it is killed at that very moment, what was logged is there.
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
  if (format === 'json') return pino(options, linesTogether(stdout));
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

/**
 * Writes the lines of one turn of the event loop with one call: a server that is busy would spend a
 * good part of its time on them otherwise. Nothing is left behind when the program ends.
 *
 * The lines are put together here: the destination's own `flushSync` tries for ever, and stops
 * the whole program, where nobody reads the log any more or its disk is full.
 */
function linesTogether(descriptor: number): DestinationStream {
  const stream = destination({ dest: descriptor, sync: true, maxLength: heldLines });
  stream.on('error', () => {
    // Who is served is worth more than what is said of it.
  });
  let lines = '';
  let isScheduled = false;
  const flush = (): void => {
    isScheduled = false;
    if (lines !== '') stream.write(lines);
    lines = '';
  };
  process.once('exit', flush);
  return {
    write: (line) => {
      lines += line;
      if (lines.length >= bufferedLines) {
        flush();
      } else if (!isScheduled) {
        isScheduled = true;
        setImmediate(flush);
      }
    },
  };
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
