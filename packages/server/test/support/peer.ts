import {
  defaultBackend,
  initiateHandshake,
  type Established,
  type Identity,
  type Suite,
} from '@e2eeftp/crypto';
import {
  ClientSession,
  type BodyEnd,
  type CborMap,
  type CborValue,
  type ClientEvent,
  type Close,
  type Response,
  type Welcome,
} from '@e2eeftp/protocol';
import type { Transport } from '@e2eeftp/transport';

/** An answer with everything behind it. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly result: CborValue;
  /** Present when the answer has a body. */
  readonly body?: { readonly bytes: Buffer; readonly end: BodyEnd };
}

/** How a stream from the server ended. */
export type Ending = Close | 'cut off';

/**
 * A client that does one thing at a time and hides nothing: it may stop, skip or say too much
 * wherever a test wants it to.
 */
export class Peer {
  readonly transport: Transport;
  readonly session: ClientSession;
  readonly #events: ClientEvent[] = [];
  /** The server's first message. */
  welcome: Welcome | undefined;

  constructor(transport: Transport, identity: Identity, suites?: readonly Suite[]) {
    this.transport = transport;
    this.session = new ClientSession({
      backend: defaultBackend,
      identity,
      acceptServer: () => true,
      ...(suites && { suites }),
    });
  }

  /** Goes through the handshake, up to and with the welcome. */
  static async connect(
    transport: Transport,
    identity: Identity,
    suites?: readonly Suite[],
  ): Promise<Peer> {
    const peer = new Peer(transport, identity, suites);
    await peer.begin();
    const event = await peer.next();
    if (event?.type !== 'welcome') throw new Error('no welcome came');
    peer.welcome = event.welcome;
    return peer;
  }

  async begin(): Promise<void> {
    await this.transport.write([this.session.start()]);
    const event = await this.next();
    if (event?.type !== 'established') throw new Error('the handshake was not finished');
  }

  /** The next event, or nothing once the server has ended its direction. */
  async next(): Promise<ClientEvent | undefined> {
    for (;;) {
      const event = this.#events.shift();
      if (event?.type === 'send') await this.transport.write([event.bytes]);
      else if (event) return event;
      else if (!(await this.#read())) return undefined;
    }
  }

  async request(command: string, args: CborMap = {}, body = false): Promise<void> {
    await this.transport.write(this.session.request({ command, args, body }));
  }

  async data(...parts: Uint8Array[]): Promise<void> {
    await this.transport.write(this.session.data(parts));
  }

  async end(end: BodyEnd): Promise<void> {
    await this.transport.write(this.session.end(end));
  }

  async response(): Promise<Response> {
    const event = await this.next();
    if (event?.type === 'response') return event.response;
    const instead = event?.type === 'close' ? `close ${event.close.status}` : event?.type;
    throw new Error(`no answer came, but ${instead ?? 'nothing'}`);
  }

  /** The next answer, with its body. */
  async answer(): Promise<Answer> {
    return this.answerOf(await this.response());
  }

  /** The answer that has begun with a response, with its body. */
  async answerOf({ status, text, result, body }: Response): Promise<Answer> {
    if (!body) return { status, text, result };
    const parts: Uint8Array[] = [];
    for (;;) {
      const event = await this.next();
      if (event?.type === 'data') parts.push(event.bytes);
      else if (event?.type === 'end') {
        return { status, text, result, body: { bytes: Buffer.concat(parts), end: event.end } };
      } else throw new Error(`the body was broken by ${event?.type ?? 'the end'}`);
    }
  }

  /** Asks and waits. */
  async call(command: string, args: CborMap = {}): Promise<Answer> {
    await this.request(command, args);
    return this.answer();
  }

  /** Asks for a file to be stored, without waiting for the answer. */
  async offer(path: string, content: Uint8Array | string, args: CborMap = {}): Promise<void> {
    const bytes = Buffer.from(content);
    await this.request('SEND', { path, ...args }, true);
    for (let start = 0; start < bytes.length; start += 1_000_000) {
      await this.data(bytes.subarray(start, start + 1_000_000));
    }
    await this.end({ ok: true, size: bytes.length });
  }

  async send(path: string, content: Uint8Array | string, args: CborMap = {}): Promise<Answer> {
    await this.offer(path, content, args);
    return this.answer();
  }

  /** The content of a file, as text; or the status of the refusal. */
  async get(path: string): Promise<string | number> {
    const { status, body } = await this.call('GET', { path });
    return body ? body.bytes.toString() : status;
  }

  /** Reads to the end of the stream, hangs up, and gives what the server said last. */
  async ending(): Promise<Ending> {
    let close: Close | undefined;
    try {
      for (;;) {
        const event = await this.next();
        if (event === undefined) break;
        if (event.type === 'close') close = event.close;
      }
      await this.transport.end();
      return close ?? 'cut off';
    } catch {
      return close ?? 'cut off';
    }
  }

  async close(): Promise<Ending> {
    await this.transport.write(this.session.close());
    await this.transport.end();
    const ending = await this.ending();
    this.transport.destroy();
    return ending;
  }

  async #read(): Promise<boolean> {
    const chunk = await this.transport.read();
    if (chunk === undefined) return false;
    this.#events.push(...this.session.receive(chunk));
    return true;
  }
}

/** Goes through the handshake and gives what can seal any record, in any order. */
export async function handshake(transport: Transport, identity: Identity): Promise<Established> {
  const role = initiateHandshake({
    backend: defaultBackend,
    identity,
    acceptServer: () => true,
  });
  await transport.write([role.start()]);
  for (;;) {
    const chunk = await transport.read();
    if (chunk === undefined) throw new Error('the server ended the handshake');
    const { send, established } = role.receive(chunk);
    if (send.length > 0) await transport.write([send]);
    if (established) return established;
  }
}

/** Waits until the server hangs up, and gives the bytes that it said before. */
export async function untilHungUp(transport: Transport): Promise<number> {
  let bytes = 0;
  try {
    for (;;) {
      const chunk = await transport.read();
      if (chunk === undefined) return bytes;
      bytes += chunk.length;
    }
  } catch {
    return bytes;
  }
}
