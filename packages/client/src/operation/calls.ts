import type { CommandArguments, CommandName, CommandResult } from '@e2eeftp/protocol';

import type { OperationOptions } from '../options.js';
import type { Requests } from '../requests.js';
import type { TransferContext } from '../transfer/transfer-context.js';
import type { OperationRunner } from './operations.js';

/** Asks a server for whatever a client's callers want, each time as an operation of its own. */
export class Calls {
  readonly requests: Requests;
  readonly transfers: TransferContext;
  readonly operations: OperationRunner;

  /**
   * @param requests - asks the server
   * @param transfers - what transfers work with
   * @param operations - all that the client is doing
   */
  constructor(requests: Requests, transfers: TransferContext, operations: OperationRunner) {
    this.requests = requests;
    this.transfers = transfers;
    this.operations = operations;
  }

  /**
   * Asks for what can be asked again without harm.
   *
   * @param command - a built-in command without a body
   * @param args - its arguments
   * @param what - what is asked, as people name it; for error messages
   * @param options - the caller's
   * @returns its result
   * @throws ClientError
   */
  ask<Name extends CommandName>(
    command: Name,
    args: CommandArguments<Name>,
    what: string,
    options: OperationOptions,
  ): Promise<CommandResult<Name>> {
    return this.retried(options, (signal) => this.requests.call(command, args, what, signal));
  }

  /**
   * Makes attempts until one succeeds, or it is no use.
   *
   * @param options - the caller's
   * @param attempt - what to do
   * @returns what the attempt returns
   * @throws ClientError
   */
  retried<Result>(
    options: OperationOptions,
    attempt: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    return this.operations.run(options, (signal) =>
      this.transfers.retry({ signal, mayRetry: true }, () => attempt(signal)),
    );
  }
}
