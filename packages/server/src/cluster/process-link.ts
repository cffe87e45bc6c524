import type { Socket } from 'node:net';

import { ServerError } from '../server-error.js';

/** What one process lets the other call. Arguments and results are copied between them. */
type Methods<M> = { readonly [Name in keyof M]: (args: never, socket?: Socket) => unknown };

type Arguments<M extends Methods<M>, Name extends keyof M> = Parameters<M[Name]>[0];
type Result<M extends Methods<M>, Name extends keyof M> = Awaited<ReturnType<M[Name]>>;

/** A process at the other end: a child, or the parent of this one. */
export interface OtherProcess {
  send?(
    message: object,
    socket: Socket | undefined,
    options: object,
    callback: (error: Error | null) => void,
  ): boolean;
  on(event: 'message', listener: (message: unknown, socket: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

interface Call {
  readonly method: string;
  readonly args: unknown;
  /** Set when an answer is awaited. */
  readonly id?: number;
}

interface Reply {
  readonly reply: number;
  readonly result?: unknown;
  readonly failure?: string;
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Lets two processes of one server call each other, over the channel that Node opens to a child.
 */
export class ProcessLink<Ours extends Methods<Ours>, Theirs extends Methods<Theirs>> {
  readonly #process: OtherProcess;
  readonly #methods: Ours;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isClosed = false;

  /**
   * @param process - the other end
   * @param methods - what it may call
   */
  constructor(process: OtherProcess, methods: Ours) {
    this.#process = process;
    this.#methods = methods;
    process.on('message', (message, socket) => {
      this.#receive(message as Call | Reply, socket as Socket | undefined);
    });
    process.on('disconnect', () => {
      this.close();
    });
  }

  /**
   * Calls the other process.
   *
   * @param method - what to call
   * @param args - with what
   * @returns what it returns
   * @throws ServerError `not-running` when the other process fails or ends
   */
  call<Name extends keyof Theirs & string>(
    method: Name,
    args: Arguments<Theirs, Name>,
  ): Promise<Result<Theirs, Name>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(gone());
        return;
      }
      this.#waiting.set(id, { resolve, reject });
      this.#send({ method, args, id });
    });
  }

  /**
   * Calls the other process and awaits nothing. When it has ended, nothing happens.
   *
   * @param method - what to call
   * @param args - with what
   * @param socket - a connection to hand over; this process is done with it
   */
  tell<Name extends keyof Theirs & string>(
    method: Name,
    args: Arguments<Theirs, Name>,
    socket?: Socket,
  ): void {
    if (!this.#isClosed) this.#send({ method, args }, socket);
    else socket?.destroy();
  }

  /** Ends the link on this side: whoever waits for an answer hears that none will come. */
  close(): void {
    this.#isClosed = true;
    for (const waiting of this.#waiting.values()) waiting.reject(gone());
    this.#waiting.clear();
  }

  #send(message: Call | Reply, socket?: Socket): void {
    // An error says that the other process is gone, which "disconnect" tells too.
    this.#process.send?.(message, socket, {}, (error) => {
      if (error) socket?.destroy();
    });
  }

  #receive(message: Call | Reply, socket: Socket | undefined): void {
    if ('reply' in message) this.#settle(message);
    else void this.#answer(message, socket);
  }

  #settle({ reply, result, failure }: Reply): void {
    const waiting = this.#waiting.get(reply);
    this.#waiting.delete(reply);
    if (failure === undefined) waiting?.resolve(result as never);
    else waiting?.reject(new ServerError('not-running', failure));
  }

  async #answer({ method, args, id }: Call, socket: Socket | undefined): Promise<void> {
    try {
      const result = await this.#methods[method as keyof Ours](args as never, socket);
      if (id !== undefined && !this.#isClosed) this.#send({ reply: id, result });
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      if (id !== undefined && !this.#isClosed) this.#send({ reply: id, failure });
    }
  }
}

function gone(): ServerError {
  return new ServerError('not-running', 'The other process of this server has ended');
}
