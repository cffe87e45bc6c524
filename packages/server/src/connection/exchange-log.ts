import { limits as protocolLimits, printable } from '@e2eeftp/protocol';

import type { Logger } from '../logger.js';
import type { Exchange } from './exchange.js';

/**
 * Logs a request that was answered.
 *
 * @param logger - the connection's
 * @param exchange - the request
 * @param status - what the client heard
 */
export function logAnswered(logger: Logger, exchange: Exchange, status: number): void {
  const fields = { ...factsOf(exchange), status };
  if (status >= 500) logger.error({ ...fields, err: exchange.failure }, 'a command failed');
  else logger.info(fields, 'command');
}

/**
 * Logs a request whose answer nobody heard.
 *
 * @param logger - the connection's
 * @param exchange - the request
 */
export function logUnheard(logger: Logger, exchange: Exchange): void {
  logger.info(factsOf(exchange), 'the client did not wait for the answer');
}

/**
 * Logs a request whose body was altered on its way, or made by somebody else than the client.
 *
 * @param logger - the connection's
 * @param exchange - the request
 */
export function logForged(logger: Logger, exchange: Exchange): void {
  logger.warn(factsOf(exchange), 'refused a payload that is not authentic');
}

/** What the log says of a request. The texts come from the client. */
function factsOf({ request, startedAt }: Exchange): object {
  const { path, from, to } = request.args;
  return {
    command: printable(request.command),
    path: shown(path),
    from: shown(from),
    to: shown(to),
    milliseconds: Math.round(performance.now() - startedAt),
  };
}

function shown(path: unknown): string | undefined {
  return typeof path === 'string' ? printable(path.slice(0, protocolLimits.path)) : undefined;
}
