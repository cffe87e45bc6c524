import { ClientError } from '../errors.js';
import type { OperationOptions } from '../options.js';
import { Operation } from './operation.js';

/** All that one client is doing. */
export class Operations {
  readonly #open = new Set<Operation>();
  /** Those without a deadline, by their callers' signals. */
  readonly #shared = new Map<AbortSignal | undefined, Operation>();
  readonly #results = new Set<Promise<unknown>>();
  #isClosing = false;

  /**
   * Carries an operation out, unless the client is being closed; what was asked before is carried out.
   *
   * @param options - when the caller wants it to end
   * @param task - what to do until the signal speaks
   * @returns what the task returns
   * @throws ClientError `closed`; what the task throws
   */
  async run<Result>(
    options: OperationOptions,
    task: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const operation = this.begin(options);
    const result = task(operation.signal);
    this.#results.add(result);
    try {
      return await result;
    } finally {
      this.#results.delete(result);
      this.end(operation);
    }
  }

  /**
   * Begins an operation that goes on only while its caller asks for more, so that nobody waits for it.
   *
   * @param options - when the caller wants it to end
   * @returns the operation, to be given to {@link Operations.end}
   * @throws ClientError `closed`
   */
  begin(options: OperationOptions): Operation {
    if (this.#isClosing) throw new ClientError('closed', 'The client is closed; connect again');
    const { signal, timeout } = options;
    const shared = timeout === undefined ? this.#shared.get(signal) : undefined;
    if (shared?.signal.aborted === false) return shared.share();
    const operation = new Operation(options);
    this.#open.add(operation);
    if (timeout === undefined) this.#shared.set(signal, operation);
    return operation;
  }

  /** @param operation - one that was begun */
  end(operation: Operation): void {
    if (!operation.end()) return;
    this.#open.delete(operation);
    for (const [signal, shared] of this.#shared) {
      if (shared === operation) this.#shared.delete(signal);
    }
  }

  /**
   * Lets no other begin.
   *
   * @returns once those that somebody waits for have succeeded or failed
   */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.allSettled(this.#results);
  }

  /** Cuts short what is under way. */
  cut(): void {
    for (const operation of this.#open) {
      operation.cut(new ClientError('closed', 'The client was closed before this was done'));
    }
  }
}
