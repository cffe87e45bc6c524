import { BodyChannel, printable, type BodyEnd, type Response } from '@e2eeftp/protocol';

import { ClientError, errorForStatus } from '../errors.js';

/** An answer without a refusal, and the body behind it when there is one. */
export interface Reply {
  readonly response: Response;
  readonly body: BodyChannel | undefined;
}

interface Awaited {
  /** Told of the answer even when nobody waits for it any more. */
  readonly onResponse: () => void;
  resolve(reply: Reply): void;
  reject(error: ClientError): void;
}

/** Brings the answers of a connection, which come in the order of the requests, to who asked. */
export class AnswerQueue {
  /** Requests that wait for their answer, oldest first. */
  readonly #awaited: Awaited[] = [];
  /** The body of the answer that is being received. */
  #receiving: BodyChannel | undefined;

  /** Requests that wait for their answer or its body. */
  get length(): number {
    return this.#awaited.length + (this.#receiving ? 1 : 0);
  }

  /**
   * Enters a request.
   *
   * @param onResponse - hears that it was answered, or that the connection has ended
   * @returns the answer
   */
  expect(onResponse: () => void): Promise<Reply> {
    const reply = new Promise<Reply>((resolve, reject) => {
      this.#awaited.push({ onResponse, resolve, reject });
    });
    // Awaited only once the request is out; a connection that fails before is no unhandled failure.
    reply.catch(() => undefined);
    return reply;
  }

  /** @param response - the answer to the oldest request */
  answer(response: Response): void {
    const body = response.body ? new BodyChannel() : undefined;
    this.#receiving = body;
    const awaited = this.#awaited.shift();
    awaited?.onResponse();
    awaited?.resolve({ response, body });
  }

  /**
   * @param bytes - the next of the body
   * @returns a promise while its consumer has enough, else nothing
   */
  data(bytes: Uint8Array): Promise<void> | undefined {
    return this.#receiving?.push(bytes);
  }

  /** @param end - how the body has ended */
  end(end: BodyEnd): void {
    if (end.ok) this.#receiving?.finish(end);
    else this.#receiving?.fail(givenUp(end.text));
    this.#receiving = undefined;
  }

  /** @param error - why the connection has ended */
  fail(error: ClientError): void {
    this.#receiving?.fail(error);
    this.#receiving = undefined;
    for (const awaited of this.#awaited.splice(0)) {
      awaited.onResponse();
      awaited.reject(error);
    }
  }
}

/**
 * @param what - what was asked, as people name it
 * @param reply - what came
 * @returns the reply
 * @throws ClientError when it is a refusal
 */
export function accepted(what: string, reply: Reply): Reply {
  const { status, text } = reply.response;
  if (status < 400) return reply;
  reply.body?.drop();
  throw errorForStatus(what, status, text);
}

/** What came before is what the server has; it is the rest that it could not read. */
function givenUp(text: string): ClientError {
  return new ClientError(
    'server-failed',
    `The server could not send the file to its end (${printable(text)}); its operator finds the reason in its log`,
  );
}
