import {
  printable,
  type BodyEnd,
  type DataFrame,
  type Request,
  type ServerSession,
} from '@e2eeftp/protocol';
import type { Transport } from '@e2eeftp/transport';

import { CommandError, textOf, type Answer, type AnswerBody } from '../command/answer.js';
import type { CommandContext } from '../command/command.js';
import { isAllowed, type CommandTable } from '../command/command-table.js';
import { Exchange } from './exchange.js';

/** What a dispatcher works with. */
export interface DispatcherOptions {
  /** Makes the bytes of the answers. */
  readonly session: ServerSession;
  /** Carries them. */
  readonly transport: Transport;
  /** The commands. */
  readonly commands: CommandTable;
  /** What handlers have at hand. */
  readonly context: Omit<CommandContext, 'body'>;
  /** Hears that the connection cannot go on. */
  readonly onFailure: (error: unknown) => void;
  /** Hears whenever a request begins or has been answered. */
  readonly onActivity: () => void;
}

/**
 * Works on the requests of one connection and answers them in their order.
 *
 * Requests that cannot disturb each other overlap, so that many small files share the waiting
 * for the disk; everything else takes effect only after all earlier requests are answered.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  /** Requests that are not answered yet, oldest first. */
  readonly #pending: { exchange: Exchange; answered: Promise<void> }[] = [];
  #lastAnswer: Promise<void> = Promise.resolve();
  /** The request whose body is being received. */
  #receiving: Exchange | undefined;
  #isSending = false;
  #hasFailed = false;

  /** @param options - what to work with */
  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Whether nothing is under way. */
  get isIdle(): boolean {
    return this.#pending.length === 0 && this.#receiving === undefined;
  }

  /**
   * Takes a request, as soon as its turn to begin has come.
   *
   * @param request - what the client asks
   * @returns once it has begun; until then nothing more may be read from the client
   */
  async begin(request: Request): Promise<void> {
    const { commands, context, onActivity } = this.#options;
    const exchange = new Exchange(request, commands.find(request.command));
    await this.#turnOf(exchange);
    exchange.begin(context, this.#refusalFor(exchange));
    if (exchange.body) {
      this.#receiving = exchange;
      this.#watchProgress();
    }
    const answered = this.#lastAnswer.then(() => this.#answer(exchange));
    this.#lastAnswer = answered;
    this.#pending.push({ exchange, answered });
    onActivity();
  }

  /**
   * @param frame - the next bytes of the body of the last request
   * @returns a promise while its handler has enough, else nothing
   */
  data(frame: DataFrame): Promise<void> | undefined {
    return this.#receiving?.body?.push(frame.parts, frame.length);
  }

  /** @param end - how the body of the last request ended */
  end(end: BodyEnd): void {
    this.#receiving?.body?.finish(end);
    this.#receiving = undefined;
    this.#watchProgress();
  }

  /** @returns once every request taken so far was answered, or the connection has failed */
  drained(): Promise<void> {
    return this.#lastAnswer;
  }

  /**
   * Ends everything that is under way, since the connection has ended.
   *
   * @param error - what bodies under way fail with
   * @returns once no handler runs any more
   */
  async abort(error: Error): Promise<void> {
    this.#hasFailed = true;
    this.#receiving?.body?.fail(error);
    await this.#lastAnswer;
  }

  async #turnOf(exchange: Exchange): Promise<void> {
    const { overlap } = this.#options.context.limits;
    for (;;) {
      const [oldest] = this.#pending;
      const isFree =
        this.#pending.length < overlap &&
        this.#pending.every((earlier) => exchange.mayOverlap(earlier.exchange));
      if (!oldest || isFree) return;
      await oldest.answered;
    }
  }

  #refusalFor({ command }: Exchange): CommandError | undefined {
    const { client } = this.#options.context;
    return command && !isAllowed(client.access, command.effect) ? new CommandError(403) : undefined;
  }

  /** Sends one answer. It never fails: what goes wrong ends the connection. */
  async #answer(exchange: Exchange): Promise<void> {
    const answer = await exchange.answer;
    try {
      if (!this.#hasFailed) await this.#send(answer);
      this.#log(exchange, answer);
    } catch (error) {
      this.#hasFailed = true;
      this.#options.onFailure(error);
    } finally {
      await this.#closeBody(answer.body);
      this.#pending.shift();
      this.#options.onActivity();
    }
  }

  async #send(answer: Answer): Promise<void> {
    const { session, transport } = this.#options;
    const { status, text = textOf(status), result = null, body } = answer;
    this.#isSending = true;
    this.#watchProgress();
    await transport.write(session.respond({ status, text, result, body: body !== undefined }));
    if (body) await this.#sendBody(body);
    this.#isSending = false;
    this.#watchProgress();
  }

  /** A body that fails midway ends with that word, and the connection stays usable. */
  async #sendBody({ chunks }: AnswerBody): Promise<void> {
    const { session, transport, context } = this.#options;
    const iterator = chunks[Symbol.asyncIterator]();
    let size = 0;
    for (;;) {
      let next: IteratorResult<Uint8Array, unknown>;
      try {
        next = await iterator.next();
      } catch (error) {
        context.logger.error({ err: error }, 'a file could not be read to its end');
        return transport.write(session.end({ ok: false, text: textOf(500) }));
      }
      if (next.done === true) return transport.write(session.end({ ok: true, size }));
      size += next.value.length;
      await transport.write(session.data([next.value]));
    }
  }

  async #closeBody(body: AnswerBody | undefined): Promise<void> {
    try {
      await body?.close();
    } catch (error) {
      this.#options.context.logger.warn({ err: error }, 'a file could not be closed');
    }
  }

  /** Only while bytes should move does a transport that stands still mean a client that is gone. */
  #watchProgress(): void {
    const isMoving = this.#isSending || this.#receiving !== undefined;
    const { transport, context } = this.#options;
    transport.setIdleTimeout(isMoving ? context.limits.progressTimeout : 0);
  }

  #log(exchange: Exchange, { status }: Answer): void {
    const { request, failure, startedAt } = exchange;
    const { path } = request.args;
    const fields = {
      command: printable(request.command),
      path: typeof path === 'string' ? printable(path) : undefined,
      status,
      milliseconds: Math.round(performance.now() - startedAt),
    };
    const { logger } = this.#options.context;
    if (status >= 500) logger.error({ ...fields, err: failure }, 'a command failed');
    else logger.info(fields, 'command');
  }
}
