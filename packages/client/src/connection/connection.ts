import { defaultBackend, fingerprint, type Identity } from '@e2eeftp/crypto';
import {
  ClientSession,
  type CborMap,
  type ClientEvent,
  type Close,
  type Response,
} from '@e2eeftp/protocol';
import { TransportError, type Transport } from '@e2eeftp/transport';

import {
  asClientError,
  asDistrust,
  ClientError,
  errorForStatus,
  throwIfAborted,
} from '../errors.js';
import { untilAborted } from './abort.js';
import { accepted, AnswerQueue, type Reply } from './answer-queue.js';
import { BodySender, type OutgoingBody } from './body-sender.js';
import { GreetingWait, type Greeting } from './greeting.js';
import { Turnstile } from './turnstile.js';

/** How often a source that gives nothing is excused to the server at least, in milliseconds. */
const keepAliveInterval = 15_000;

/** What a connection needs besides its transport. */
export interface ConnectionOptions {
  /** Who the client is. */
  readonly identity: Identity;
  /**
   * Decides about a server by the identity (32 bytes) that it proved: throws the error that the
   * caller is to see when it is not to be trusted.
   */
  readonly verifyServer: (serverIdentity: Uint8Array) => void;
  /** Milliseconds for the handshake. */
  readonly handshakeTimeout: number;
  /** Milliseconds in which something must move while an answer is awaited. */
  readonly progressTimeout: number;
}

/** What a request asks for. */
export interface ConnectionRequest {
  /** The command's word. */
  readonly command: string;
  /** Its arguments. */
  readonly args: CborMap;
  /** What is asked, as people name it; for error messages. */
  readonly what: string;
  /** Ends the wait early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A client's connection: requests in, answers out, in order. Every promise that it gives settles,
 * whatever the server does: with an answer, or with the error that ended the connection.
 */
export class Connection {
  readonly #transport: Transport;
  readonly #session: ClientSession;
  readonly #options: ConnectionOptions;
  readonly #sending = new Turnstile();
  readonly #answers = new AnswerQueue();
  readonly #greeting: GreetingWait;
  #distrust: unknown;
  #failure: ClientError | undefined;
  readonly #ended: Promise<void>;
  /** Set once the client has said that it asks for nothing more: how long the server may stand still. */
  #farewell: NodeJS.Timeout | undefined;

  /**
   * Begins the handshake.
   *
   * @param transport - the way to the server, which the connection owns from now on
   * @param options - who the client is and whom it trusts
   */
  constructor(transport: Transport, options: ConnectionOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#session = new ClientSession({
      backend: defaultBackend,
      identity: options.identity,
      acceptServer: (serverIdentity) => this.#accepts(serverIdentity),
    });
    const { handshakeTimeout } = options;
    this.#greeting = new GreetingWait(handshakeTimeout, () => {
      const message = `The server did not finish the handshake within ${handshakeTimeout} ms`;
      transport.destroy(new TransportError('timed-out', message));
    });
    this.#ended = this.#run();
  }

  /** What the handshake and the server's first message said. */
  get greeting(): Promise<Greeting> {
    return this.#greeting.greeting;
  }

  /** Why requests can no longer be made; `undefined` while they can. */
  get failure(): ClientError | undefined {
    return this.#failure;
  }

  /** Whether requests can be made. */
  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Requests that wait for their answer or its body. */
  get unanswered(): number {
    return this.#answers.length;
  }

  /**
   * Asks for something.
   *
   * @param request - what
   * @returns the answer; when it has a body, the caller must consume or drop that, since
   *   everything behind it waits
   * @throws ClientError the server's refusal, or why no answer came
   */
  async ask(request: ConnectionRequest): Promise<Reply> {
    const { command, args, signal } = request;
    const answered = this.#sending.pass(async () => {
      this.#begin(signal);
      const bytes = this.#session.request({ command, args, body: false });
      const reply = this.#expect(() => undefined);
      await this.#send(bytes);
      return { reply };
    });
    const replied = answered.then((sent) => sent.reply);
    try {
      return accepted(request.what, await untilAborted(replied, signal));
    } catch (error) {
      // A body that comes when nobody waits for it any more must not hold up what is behind it.
      replied.then(
        (reply) => reply.body?.drop(),
        () => undefined,
      );
      throw error;
    }
  }

  /**
   * Asks for something, with a body.
   *
   * @param request - what
   * @param body - the bytes
   * @returns the answer
   * @throws ClientError the server's refusal, or why no answer came
   */
  async upload(request: ConnectionRequest, body: OutgoingBody): Promise<Response> {
    const { command, args, what, signal } = request;
    const { progressTimeout } = this.#options;
    const answered = this.#sending.pass(async () => {
      this.#begin(signal);
      const sender = new BodySender(
        this.#session,
        (parts) => this.#send(parts),
        Math.min(keepAliveInterval, progressTimeout / 3),
      );
      const bytes = this.#session.request({ command, args, body: true });
      const reply = this.#expect(() => {
        sender.stop();
      });
      await this.#send(bytes);
      return { reply, isWhole: await sender.send(body, signal) };
    });
    const replied = answered.then(async ({ reply, isWhole }) => ({ ...(await reply), isWhole }));
    try {
      const { isWhole, ...reply } = await untilAborted(replied, signal);
      const { response } = accepted(what, reply);
      if (isWhole) return response;
      throw new ClientError('not-e2eeftp', 'The server accepted a file before it had all of it');
    } finally {
      replied.then(
        (reply) => reply.body?.drop(),
        () => undefined,
      );
    }
  }

  /**
   * Ends the connection when everything asked so far is answered.
   *
   * @returns once it has ended
   */
  async close(): Promise<void> {
    await this.#sending.pass(async () => {
      if (!this.isOpen || this.#farewell) return;
      const { progressTimeout } = this.#options;
      this.#farewell = setTimeout(() => {
        this.#fail(new ClientError('timed-out', 'The connection was not ended in time'));
      }, progressTimeout);
      try {
        await this.#send(this.#session.close());
        await this.#transport.end();
      } catch {
        // It ends in any case: what was asked for is settled by the connection's end.
      }
    });
    await this.#ended;
    clearTimeout(this.#farewell);
  }

  /**
   * Ends the connection at once. Everything under way fails.
   *
   * @param error - what it fails with
   */
  destroy(error: ClientError): void {
    this.#fail(error);
  }

  #accepts(serverIdentity: Uint8Array): boolean {
    try {
      this.#options.verifyServer(serverIdentity);
      return true;
    } catch (error) {
      this.#distrust = error;
      return false;
    }
  }

  /** Receives until the connection ends, and then settles whatever is still waiting. */
  async #run(): Promise<void> {
    try {
      await this.#transport.write([this.#session.start()]);
      await this.#receive();
      this.#fail(new ClientError('disconnected', 'The server ended the connection'));
    } catch (error) {
      this.#fail(this.#distrust ? asDistrust(this.#distrust) : asClientError(error));
    }
  }

  async #receive(): Promise<void> {
    for (;;) {
      const chunk = await this.#transport.read();
      if (chunk === undefined) {
        this.#session.finish();
        return;
      }
      for (const event of this.#session.receive(chunk)) {
        this.#farewell?.refresh();
        const pending = this.#handle(event);
        if (pending) await this.#waitForConsumer(pending);
      }
    }
  }

  /** While this side is the slow one, a connection that stands still says nothing of the server. */
  async #waitForConsumer(pending: Promise<void>): Promise<void> {
    this.#transport.setIdleTimeout(0);
    await pending;
    this.#watchProgress();
  }

  #handle(event: ClientEvent): Promise<void> | undefined {
    switch (event.type) {
      case 'send':
        return this.#transport.write([event.bytes]);
      case 'established':
        this.#greeting.establish(event.facts);
        return undefined;
      case 'welcome':
        this.#greeting.welcome(event.welcome);
        return undefined;
      case 'response':
        this.#answers.answer(event.response);
        this.#watchProgress();
        return undefined;
      case 'data':
        return this.#answers.data(event.bytes);
      case 'end':
        this.#answers.end(event.end);
        this.#watchProgress();
        return undefined;
      case 'close':
        this.#fail(this.#errorForClose(event.close));
        return undefined;
    }
  }

  #errorForClose({ status, text }: Close): ClientError {
    if (status === 403) {
      const own = fingerprint(this.#options.identity.publicKey);
      return new ClientError(
        'not-authorized',
        `The server does not know this identity (${own}); ask its operator to authorize it`,
      );
    }
    if (status === 200) {
      return this.#farewell
        ? new ClientError('closed', 'The connection is closed')
        : new ClientError('disconnected', 'The server ended the connection');
    }
    return errorForStatus('The server closed the connection', status, text);
  }

  /** Whose turn it is may have given up while waiting for it, or have waited for a connection that broke. */
  #begin(signal: AbortSignal | undefined): void {
    throwIfAborted(signal);
    if (this.#failure) throw this.#failure;
  }

  #expect(onResponse: () => void): Promise<Reply> {
    const reply = this.#answers.expect(onResponse);
    this.#watchProgress();
    return reply;
  }

  async #send(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#failure) throw this.#failure;
    try {
      await this.#transport.write(parts);
    } catch (error) {
      // The server may have said why before it hung up: that says more than a broken pipe.
      throw this.failure ?? asClientError(error);
    }
  }

  #watchProgress(): void {
    const { progressTimeout } = this.#options;
    this.#transport.setIdleTimeout(this.unanswered > 0 ? progressTimeout : 0);
  }

  #fail(error: ClientError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#transport.destroy();
    this.#greeting.fail(error);
    this.#answers.fail(error);
  }
}
