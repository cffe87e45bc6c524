import {
  commandSchemas,
  type CommandArguments,
  type CommandName,
  type CommandResult,
  type Response,
} from '@e2eeftp/protocol';

import type { OutgoingBody } from './connection/body-sender.js';
import type { Connection, ConnectionRequest, Reply } from './connection/connection.js';
import type { Connector } from './connection/connector.js';
import { asClientError, ClientError } from './errors.js';

/** A reply, and the connection that it came over. */
export interface ConnectedReply extends Reply {
  readonly connection: Connection;
}

/**
 * Asks a server, over whatever connection there is, and checks what it answers: a server is
 * trusted to be who it is, not to be free of faults.
 */
export class Requests {
  readonly #connector: Connector;

  /** @param connector - gives connections */
  constructor(connector: Connector) {
    this.#connector = connector;
  }

  /**
   * @param command - a built-in command without a body
   * @param args - its arguments
   * @param what - what is asked, as people name it; for error messages
   * @param signal - ends the wait early
   * @returns its result
   * @throws ClientError
   */
  async call<Name extends CommandName>(
    command: Name,
    args: CommandArguments<Name>,
    what: string,
    signal: AbortSignal | undefined,
  ): Promise<CommandResult<Name>> {
    const { response, body } = await this.ask({ command, args, what, signal });
    body?.drop();
    return checkResult(command, response);
  }

  /**
   * @param request - what to ask
   * @returns the answer; a body in it must be consumed or dropped
   * @throws ClientError
   */
  async ask(request: ConnectionRequest): Promise<ConnectedReply> {
    try {
      const connection = await this.#connector.connection(request.signal);
      return { ...(await connection.ask(request)), connection };
    } catch (error) {
      throw asClientError(error);
    }
  }

  /**
   * @param request - what to ask
   * @param body - the bytes that go with it, which are closed in any case
   * @returns the answer
   * @throws ClientError
   */
  async upload(request: ConnectionRequest, body: OutgoingBody): Promise<Response> {
    try {
      const connection = await this.#connector.connection(request.signal);
      return await connection.upload(request, body);
    } catch (error) {
      throw asClientError(error);
    }
  }
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
