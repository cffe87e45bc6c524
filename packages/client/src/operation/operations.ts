import { ClientError } from '../errors.js';
import type { OperationOptions } from '../options.js';
import { Operation } from './operation.js';

/** What carries operations out. */
export interface OperationRunner {
  /**
   * Carries an operation out, unless the client is being closed; what was asked before is carried out.
   *
   * @param options - when the caller wants it to end
   * @param task - what to do until the signal speaks
   * @returns what the task returns
   * @throws ClientError `closed`; what the task throws
   */
  run<Result>(
    options: OperationOptions,
    task: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result>;
  /**
   * Begins an operation that goes on only while its caller asks for more, so that nobody waits for it.
   *
   * @param options - when the caller wants it to end
   * @returns the operation, to be given to {@link OperationRunner.end}
   * @throws ClientError `closed`
   */
  begin(options: OperationOptions): Operation;
  /** @param operation - one that was begun */
  end(operation: Operation): void;
}

/** All that one client is doing. */
export class Operations implements OperationRunner {
  /** Carries out what {@link Operations.runWhole} consists of, also while the client is being closed. */
  readonly parts: OperationRunner;
  readonly #open = new Set<Operation>();
  /** Those without a deadline, by their callers' signals. */
  readonly #shared = new Map<AbortSignal | undefined, Operation>();
  readonly #results = new Set<Promise<unknown>>();
  #wholes = 0;
  #isClosing = false;
  #isCut = false;

  constructor() {
    this.parts = {
      run: (options, task) => this.#run(options, task, true),
      begin: (options) => this.#begin(options, true),
      end: (operation) => {
        this.end(operation);
      },
    };
  }

  run<Result>(
    options: OperationOptions,
    task: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    return this.#run(options, task, false);
  }

  /**
   * Carries out an operation that consists of several: until it has ended, its parts may begin.
   *
   * @param options - when the caller wants it to end
   * @param task - what to do until the signal speaks
   * @returns what the task returns
   * @throws ClientError `closed`; what the task throws
   */
  runWhole<Result>(
    options: OperationOptions,
    task: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    return this.run(options, async (signal) => {
      this.#wholes += 1;
      try {
        return await task(signal);
      } finally {
        this.#wholes -= 1;
      }
    });
  }

  begin(options: OperationOptions): Operation {
    return this.#begin(options, false);
  }

  end(operation: Operation): void {
    if (!operation.end()) return;
    this.#open.delete(operation);
    for (const [signal, shared] of this.#shared) {
      if (shared === operation) this.#shared.delete(signal);
    }
  }

  /**
   * Lets no other begin, but for parts of what is under way.
   *
   * @returns once those that somebody waits for have succeeded or failed
   */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.allSettled(this.#results);
  }

  /** Cuts short what is under way. */
  cut(): void {
    this.#isCut = true;
    for (const operation of this.#open) {
      operation.cut(new ClientError('closed', 'The client was closed before this was done'));
    }
  }

  async #run<Result>(
    options: OperationOptions,
    task: (signal: AbortSignal) => Promise<Result>,
    isPart: boolean,
  ): Promise<Result> {
    const operation = this.#share(options) ?? this.#begin(options, isPart);
    const result = task(operation.signal);
    this.#results.add(result);
    try {
      return await result;
    } finally {
      this.#results.delete(result);
      this.end(operation);
    }
  }

  #begin(options: OperationOptions, isPart: boolean): Operation {
    const isWanted = isPart && this.#wholes > 0 && !this.#isCut;
    if (this.#isClosing && !isWanted) {
      throw new ClientError('closed', 'The client is closed; connect again');
    }
    const operation = new Operation(options);
    this.#open.add(operation);
    return operation;
  }

  /** Whoever has a deadline, or is cut short alone, shares with nobody. */
  #share({ signal, timeout }: OperationOptions): Operation | undefined {
    if (this.#isClosing || timeout !== undefined) return undefined;
    const shared = this.#shared.get(signal);
    if (shared?.signal.aborted === false) return shared.share();
    const operation = this.begin({ signal });
    this.#shared.set(signal, operation);
    return operation;
  }
}
