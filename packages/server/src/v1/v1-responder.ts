import { v1PayloadLength, type V1Keys } from '@e2eeftp/crypto';
import { ProtocolError, V1LineReader, v1Texts } from '@e2eeftp/protocol';
import { TransportError, type PushbackTransport } from '@e2eeftp/transport';

import type { AuthorizedClient } from '../authorization/authorizer.js';
import {
  CommandError,
  MissingHandlerError,
  type Answer,
  type AnswerBody,
} from '../command/answer.js';
import { isAllowed } from '../command/command-table.js';
import { storeFor } from '../connection/client-store.js';
import { closeBody } from '../connection/close-body.js';
import type { CommandReporter } from '../connection/command-reporter.js';
import { Exchange } from '../connection/exchange.js';
import type { ConnectionServices } from '../connection/services.js';
import type { Logger } from '../logger.js';
import { receivePayload } from './receive-payload.js';
import { sendV1Answer } from './send-answer.js';
import type { V1Options } from './v1-options.js';
import { readV1Request, type V1Request } from './v1-request.js';

/** What the connections of the first generation share. */
export type V1Services = ConnectionServices & { readonly v1: V1Options };

/** What a responder works with. */
interface V1ResponderOptions {
  readonly transport: PushbackTransport;
  readonly keys: V1Keys;
  readonly client: AuthorizedClient;
  readonly services: V1Services;
  readonly logger: Logger;
  /** Hears of the request when it has ended. */
  readonly reporter: CommandReporter;
  /** Aborted when the connection ends. */
  readonly signal: AbortSignal;
}

/** The one answer to a payload that is not authentic, whatever is wrong with it. */
const notAuthentic: Answer = { status: 500, text: 'Decryption Failed' };
const misconfigured: Answer = { status: 500, text: v1Texts.misconfigured };

/**
 * Answers the one command of a v1 connection, from the same table as those of other connections.
 */
export class V1Responder {
  readonly #options: V1ResponderOptions;
  #isBusy = false;

  /** @param options - what to work with */
  constructor(options: V1ResponderOptions) {
    this.#options = options;
  }

  /** Whether a command is under way. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /**
   * Reads the command, does it, and answers.
   *
   * @throws ProtocolError `truncated` or TransportError when the client is gone
   */
  async respond(): Promise<void> {
    const { commands } = this.#options.services;
    let request: V1Request;
    try {
      const line = await this.#readLine();
      this.#isBusy = true;
      request = readV1Request(line, commands);
      this.#checkSize(request);
    } catch (error) {
      await this.#refuse(error);
      return;
    }
    const { client, services, signal } = this.#options;
    await services.rates.turnOf(client.identity, signal);
    const exchange = await this.#begin(request);
    try {
      if (await this.#receive(request, exchange)) await this.#answer(request, exchange);
      else await this.#refusePayload(exchange);
    } finally {
      // The handler has to let go of what it began before the connection ends.
      const { body } = await exchange.answer;
      await closeBody(body, this.#options.logger);
    }
  }

  async #readLine(): Promise<string> {
    const { transport, services } = this.#options;
    // Not per byte: a client that sends one now and then would hold the connection for hours.
    const timer = setTimeout(() => {
      transport.destroy(new TransportError('timed-out', 'No command came'));
    }, services.limits.idleTimeout);
    try {
      const reader = new V1LineReader();
      for (let chunk = await transport.read(); chunk; chunk = await transport.read()) {
        const line = reader.push(chunk);
        if (!line) continue;
        transport.unread(line.rest);
        return line.text;
      }
      throw new ProtocolError('truncated', 'No command came');
    } finally {
      clearTimeout(timer);
    }
  }

  /** Refused before a byte of it is received: nobody shall fill the disk first. */
  #checkSize({ payloadLength = 0 }: V1Request): void {
    const { fileSize } = this.#options.services.limits;
    if (payloadLength > v1PayloadLength(fileSize)) throw new CommandError(413);
  }

  async #refuse(error: unknown): Promise<void> {
    let refusal = error;
    if (error instanceof ProtocolError && error.code === 'malformed') {
      refusal = new CommandError(400, v1Texts.malformed, { cause: error });
    }
    if (!(refusal instanceof CommandError)) throw refusal;
    const { status, message } = refusal;
    await this.#send({ status, text: message });
    this.#options.logger.info({ status, reason: message }, 'refused a command');
  }

  async #begin({ command, args, refusal, payloadLength }: V1Request): Promise<Exchange> {
    const { client, services, logger, signal } = this.#options;
    const { commands, cards, limits, observer } = services;
    const store = await storeFor(services, client);
    const body = payloadLength !== undefined;
    const exchange = new Exchange({ id: 0, command: command.name, args, body }, command);
    const shared = { commands: commands.all, cards, limits, observer };
    const context = { client, store, logger, signal, ...shared };
    exchange.begin(context, refusal ?? this.#refusalFor(exchange));
    return exchange;
  }

  #refusalFor({ command }: Exchange): CommandError | undefined {
    const { client, services } = this.#options;
    const effect = command?.effect ?? 'none';
    const isServed = services.v1.access === 'all' || isAllowed('ro', effect);
    return isServed && isAllowed(client.access, effect) ? undefined : new CommandError(403);
  }

  /** All of it, whatever the answer is: v1 clients do not listen while they send. */
  async #receive({ payloadLength }: V1Request, { body }: Exchange): Promise<boolean> {
    if (!body || payloadLength === undefined) return true;
    const { transport, keys, services } = this.#options;
    const { progressTimeout } = services.limits;
    return receivePayload(body, { transport, keys, payloadLength, progressTimeout });
  }

  async #answer(request: V1Request, exchange: Exchange): Promise<void> {
    const { reporter } = this.#options;
    const given = await exchange.answer;
    const answer = inWordsOfV1(given, request, exchange);
    try {
      await this.#send(answer);
      exchange.sent = answer.body?.size ?? 0;
      reporter.answered(exchange, answer.status);
    } catch (error) {
      if (error instanceof TransportError) {
        reporter.unheard(exchange);
        throw error;
      }
      exchange.failure = error;
      reporter.answered(exchange, 500);
      throw new TransportError('closed', 'The answer could not be sent to its end');
    }
  }

  async #refusePayload(exchange: Exchange): Promise<void> {
    // Nothing that it stored is left by the time the client hears of it.
    await exchange.answer;
    await this.#send(notAuthentic);
    this.#options.reporter.forged(exchange);
  }

  #send(answer: Answer): Promise<void> {
    const { transport, keys, services } = this.#options;
    const { progressTimeout } = services.limits;
    return sendV1Answer(answer, { transport, keys, progressTimeout });
  }
}

/** What the client reads, in the words of the first generation where it has its own. */
function inWordsOfV1(answer: Answer, { form, fields }: V1Request, exchange: Exchange): Answer {
  if (exchange.failure instanceof MissingHandlerError) return misconfigured;
  try {
    const own = form.texts?.[answer.status];
    const text = typeof own === 'function' ? own(fields) : (own ?? answer.text);
    requireSendable(answer, text);
    return text === undefined ? answer : { ...answer, text };
  } catch (error) {
    exchange.failure = error;
    return misconfigured;
  }
}

/** A handler need not be TypeScript, nor know what the first generation can carry. */
function requireSendable({ status, body }: Answer, text: unknown): void {
  const isOneLine = text === undefined || (typeof text === 'string' && !text.includes('\n'));
  if (/^[1-5]\d\d$/u.test(String(status)) && isOneLine && (!body || hasSize(body))) return;
  throw new ProtocolError(
    'misuse',
    'The first generation has only answers with a status of three digits, a text of one line, and a body whose size is known',
  );
}

function hasSize({ size }: AnswerBody): boolean {
  return Number.isSafeInteger(size) && (size as number) >= 0;
}
