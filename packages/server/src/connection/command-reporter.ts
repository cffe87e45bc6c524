import { limits as protocolLimits, printable } from '@e2eeftp/protocol';

import type { Logger } from '../logger.js';
import type { ServerObserver } from '../observer.js';
import { batchPaths } from './batch-paths.js';
import type { Exchange } from './exchange.js';

/** Whom a {@link CommandReporter} tells, and of what. */
export interface CommandReporterOptions {
  /** The connection's, with the client's name on every line. */
  readonly logger: Logger;
  readonly observer: ServerObserver;
  readonly generation: 1 | 2;
}

/** Tells the log and the observer what a client's connection was used for. */
export class CommandReporter {
  readonly #options: CommandReporterOptions;
  readonly #startedAt = performance.now();
  #commands = 0;
  #received = 0;
  #sent = 0;

  /** @param options - whom to tell */
  constructor(options: CommandReporterOptions) {
    this.#options = options;
  }

  /**
   * @param exchange - a request that was answered
   * @param status - what the client heard
   */
  answered(exchange: Exchange, status: number): void {
    const { logger, observer, generation } = this.#options;
    const { received, sent } = this.#count(exchange);
    const fields = { ...factsOf(exchange), received, sent, status };
    if (status >= 500) logger.error({ ...fields, err: exchange.failure }, 'a command failed');
    else logger.info(fields, 'command');
    observer.commandAnswered?.({
      command: exchange.command?.name ?? 'unknown',
      status,
      milliseconds: performance.now() - exchange.startedAt,
      received,
      sent,
      generation,
    });
  }

  /** @param exchange - a request whose answer nobody heard */
  unheard(exchange: Exchange): void {
    const { received, sent } = this.#count(exchange);
    const fields = { ...factsOf(exchange), received, sent };
    this.#options.logger.info(fields, 'the client did not wait for the answer');
  }

  /** @param exchange - a request whose body was altered on its way, or made by somebody else */
  forged(exchange: Exchange): void {
    const { received } = this.#count(exchange);
    const fields = { ...factsOf(exchange), received };
    this.#options.logger.warn(fields, 'refused a payload that is not authentic');
  }

  /** The connection has ended. */
  closed(): void {
    const fields = {
      commands: this.#commands,
      received: this.#received,
      sent: this.#sent,
      milliseconds: Math.round(performance.now() - this.#startedAt),
    };
    this.#options.logger.info(fields, 'client disconnected');
  }

  #count({ body, sent }: Exchange): { readonly received: number; readonly sent: number } {
    const received = body?.received ?? 0;
    this.#commands += 1;
    this.#received += received;
    this.#sent += sent;
    return { received, sent };
  }
}

/** What the log says of a request. The texts come from the client. */
function factsOf({ request, startedAt }: Exchange): object {
  const { path, from, to } = request.args;
  return {
    command: printable(request.command),
    path: shown(path),
    paths: batchPaths(request.args)?.map(shown),
    from: shown(from),
    to: shown(to),
    milliseconds: Math.round(performance.now() - startedAt),
  };
}

function shown(path: unknown): string | undefined {
  return typeof path === 'string' ? printable(path.slice(0, protocolLimits.path)) : undefined;
}
