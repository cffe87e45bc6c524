import {
  limits as protocolLimits,
  ProtocolError,
  type BodyEnd,
  type DataFrame,
  type Request,
  type ServerSession,
} from '@e2eeftp/protocol';
import { TransportError, type Transport } from '@e2eeftp/transport';

import type { RequestPacing } from '../admission/request-rates.js';
import type { AuthorizedClient } from '../authorization/authorizer.js';
import { asBytes, CommandError, textOf, type Answer, type AnswerBody } from '../command/answer.js';
import type { CommandContext } from '../command/command.js';
import { isAllowed, type CommandTable } from '../command/command-table.js';
import type { Store } from '../store/store.js';
import { closeBody } from './close-body.js';
import type { CommandReporter } from './command-reporter.js';
import { Exchange } from './exchange.js';

/** What a dispatcher works with. */
export interface DispatcherOptions {
  /** Makes the bytes of the answers. */
  readonly session: ServerSession;
  /** Carries them. */
  readonly transport: Transport;
  /** The commands. */
  readonly commands: CommandTable;
  /** How fast the client may ask. */
  readonly rates: RequestPacing;
  /** Hears of each request that has ended. */
  readonly reporter: CommandReporter;
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
  #context: DispatcherOptions['context'];
  /** Requests that are not answered yet, oldest first. */
  readonly #pending: { exchange: Exchange; answered: Promise<void> }[] = [];
  #lastAnswer: Promise<void> = Promise.resolve();
  /** The request whose body is being received. */
  #receiving: Exchange | undefined;
  /** Whether a request was taken whose turn has not come. */
  #isBeginning = false;
  #isSending = false;
  #hasFailed = false;

  /** @param options - what to work with */
  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#context = options.context;
  }

  /**
   * Takes over what has changed about the client, for all requests that begin from now on.
   *
   * @param client - who asks
   * @param store - the files as the client sees them now
   */
  update(client: AuthorizedClient, store: Store): void {
    this.#context = { ...this.#context, client, store };
  }

  /** Whether nothing is under way. */
  get isIdle(): boolean {
    return this.#pending.length === 0 && this.#receiving === undefined && !this.#isBeginning;
  }

  /**
   * Takes a request, as soon as its turn to begin has come.
   *
   * @param request - what the client asks
   * @returns once it has begun; until then nothing more may be read from the client
   */
  async begin(request: Request): Promise<void> {
    const { commands, onActivity } = this.#options;
    const exchange = new Exchange(request, commands.find(request.command));
    this.#isBeginning = true;
    const begun = this.#turnOf(exchange).then(() => {
      // Nobody hears the answer any more, and who asked may have lost the right to.
      if (!this.#hasFailed) exchange.begin(this.#context, this.#refusalFor(exchange));
    });
    // Who waits for the last answer waits for this one too, though its turn may not have come.
    const answered = this.#lastAnswer.then(() => begun).then(() => this.#answer(exchange));
    this.#lastAnswer = answered;
    await begun;
    this.#isBeginning = false;
    if (exchange.body) {
      this.#receiving = exchange;
      this.#watchProgress();
    }
    this.#pending.push({ exchange, answered });
    onActivity();
  }

  /**
   * @param frame - the next bytes of the body of the last request
   * @returns a promise while its handler has enough, else nothing
   */
  data(frame: DataFrame): Promise<void> | undefined {
    const isFull = this.#receiving?.body?.push(frame.bytes);
    return isFull && this.#waitForHandler(isFull);
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
   * Ends everything that is under way, since the connection has ended. Handlers hear of it from
   * their signal and their body; {@link Dispatcher.drained} says when none runs any more.
   *
   * @param error - what a body under way fails with
   */
  fail(error: Error): void {
    this.#hasFailed = true;
    this.#receiving?.body?.fail(error);
  }

  /** It never fails: what goes wrong ends the connection. */
  async #turnOf(exchange: Exchange): Promise<void> {
    const { rates, context, onFailure } = this.#options;
    const overlap = Math.min(context.limits.overlap, exchange.command?.overlaps ?? 1);
    await rates.turnOf(context.client.identity, context.signal).catch(onFailure);
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

  /** While the disk is the slow one, a connection that stands still says nothing of the client. */
  async #waitForHandler(pending: Promise<void>): Promise<void> {
    this.#options.transport.setIdleTimeout(0);
    await pending;
    this.#watchProgress();
  }

  /** Sends one answer. It never fails: what goes wrong ends the connection. */
  async #answer(exchange: Exchange): Promise<void> {
    const answer = await exchange.answer;
    try {
      if (this.#hasFailed) this.#options.reporter.unheard(exchange);
      else await this.#send(exchange, answer);
    } catch (error) {
      this.#hasFailed = true;
      this.#options.reporter.unheard(exchange);
      this.#options.onFailure(error);
    } finally {
      await closeBody(answer.body, this.#options.context.logger);
      this.#pending.shift();
      this.#options.onActivity();
    }
  }

  async #send(exchange: Exchange, answer: Answer): Promise<void> {
    const { status, body, bytes } = this.#encode(exchange, answer);
    await this.#write(bytes);
    if (body) await this.#sendBody(body, exchange);
    this.#options.reporter.answered(exchange, status);
  }

  /** A handler's answer that cannot be sent is its failure, not the connection's. */
  #encode(exchange: Exchange, answer: Answer): EncodedAnswer {
    const { session } = this.#options;
    const { status, text = textOf(status), result = null, body } = answer;
    try {
      const bytes = session.respond({ status, text, result, body: body !== undefined });
      return { status, body, bytes };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      exchange.failure = error;
      const response = { status: 500, text: textOf(500), result: null, body: false };
      return { status: 500, bytes: session.respond(response) };
    }
  }

  /** A body that fails midway ends with that word, and the connection stays usable. */
  async #sendBody({ chunks }: AnswerBody, exchange: Exchange): Promise<void> {
    const { session, context } = this.#options;
    try {
      for await (const given of chunks) {
        const chunk = asBytes(given);
        for (const piece of recordsOf(chunk)) await this.#write(session.data([piece]));
        exchange.sent += chunk.length;
      }
    } catch (error) {
      if (error instanceof TransportError || this.#hasFailed) throw error;
      context.logger.error({ err: error }, 'a body could not be sent to its end');
      return this.#write(session.end({ ok: false, text: textOf(500) }));
    }
    return this.#write(session.end({ ok: true, size: exchange.sent }));
  }

  async #write(bytes: readonly Uint8Array[]): Promise<void> {
    this.#isSending = true;
    this.#watchProgress();
    await this.#options.transport.write(bytes);
    this.#isSending = false;
    this.#watchProgress();
  }

  /** Only while bytes should move does a transport that stands still mean a client that is gone. */
  #watchProgress(): void {
    if (this.#hasFailed) return;
    const isMoving = this.#isSending || this.#receiving !== undefined;
    const { transport, context } = this.#options;
    transport.setIdleTimeout(isMoving ? context.limits.progressTimeout : 0);
  }
}

interface EncodedAnswer {
  readonly status: number;
  readonly bytes: readonly Uint8Array[];
  readonly body?: AnswerBody | undefined;
}

/** Cuts what a handler gives at once into what a record can hold. */
function* recordsOf(chunk: Uint8Array): Generator<Uint8Array> {
  const { bodyRecord } = protocolLimits;
  for (let start = 0; start < chunk.length; start += bodyRecord) {
    yield chunk.length <= bodyRecord ? chunk : chunk.subarray(start, start + bodyRecord);
  }
}
