import {
  commandSchemas,
  type CommandArguments,
  type CommandName,
  type CommandResult,
  type Response,
} from '@e2eeftp/protocol';

import type { Reply } from './connection/answer-queue.js';
import type { OutgoingBody } from './connection/body-sender.js';
import type { ConnectionLease, ConnectionPool, Demand } from './connection/connection-pool.js';
import type { ConnectionRequest } from './connection/connection.js';
import { asClientError, ClientError } from './errors.js';
import type { KeyringOptions, RangeOptions } from './options.js';

/** A reply, and the connection that it came over. */
export interface ConnectedReply extends Reply, ConnectionLease {}

/**
 * Asks a server, over whatever connection there is, and checks what it answers: a server is
 * trusted to be who it is, not to be free of faults.
 */
export class Requests {
  readonly #pool: ConnectionPool;

  /** @param pool - gives connections */
  constructor(pool: ConnectionPool) {
    this.#pool = pool;
  }

  /**
   * @param command - a built-in command without a body
   * @param args - its arguments
   * @param what - what is asked, as people name it; for error messages
   * @param signal - ends the wait early
   * @param demand - what the connection is wanted for
   * @returns its result
   * @throws ClientError
   */
  async call<Name extends CommandName>(
    command: Name,
    args: CommandArguments<Name>,
    what: string,
    signal: AbortSignal | undefined,
    demand?: Demand,
  ): Promise<CommandResult<Name>> {
    const { response, body, release } = await this.ask({ command, args, what, signal }, demand);
    body?.drop();
    release();
    return checkResult(command, response);
  }

  /**
   * @param request - what to ask
   * @param demand - what the connection is wanted for
   * @returns the answer, to be released; a body in it must be consumed or dropped before
   * @throws ClientError
   */
  async ask(request: ConnectionRequest, demand: Demand = 'request'): Promise<ConnectedReply> {
    const lease = await this.#pool.lease(demand, request.signal);
    try {
      return { ...(await lease.connection.ask(request)), ...lease };
    } catch (error) {
      lease.release();
      throw asClientError(error);
    }
  }

  /**
   * @param request - what to ask
   * @param body - the bytes that go with it, which are closed in any case
   * @param demand - what the connection is wanted for
   * @returns the answer
   * @throws ClientError
   */
  async upload(request: ConnectionRequest, body: OutgoingBody, demand: Demand): Promise<Response> {
    const lease = await this.#pool.lease(demand, request.signal);
    try {
      return await lease.connection.upload(request, body);
    } catch (error) {
      throw asClientError(error);
    } finally {
      lease.release();
    }
  }
}

/** @returns which part of a file is asked for, as GET and DIGEST take it */
export function rangeArguments({
  offset,
  length,
  etag,
}: Pick<RangeOptions, 'offset' | 'length' | 'etag'>): Pick<
  CommandArguments<'GET'>,
  'offset' | 'length' | 'etag'
> {
  return {
    ...(offset !== undefined && { offset }),
    ...(length !== undefined && { length }),
    ...(etag !== undefined && { etag }),
  };
}

/** @returns which keyring is in force, as what changes a vault takes it */
export function keyringArgument({ keyring }: KeyringOptions): KeyringOptions {
  return keyring === undefined ? {} : { keyring };
}

/**
 * @param command - a built-in command
 * @param response - the answer to it
 * @returns the result
 * @throws ClientError `not-e2eeftp` when it is not what the command gives
 */
export function checkResult<Name extends CommandName>(
  command: Name,
  response: { readonly result: unknown },
): CommandResult<Name> {
  const schema = commandSchemas[command].result;
  const parsed = schema.safeParse(response.result);
  if (parsed.success) return parsed.data as CommandResult<Name>;
  throw new ClientError('not-e2eeftp', `The server answered ${command} with something else`, {
    cause: parsed.error,
  });
}
