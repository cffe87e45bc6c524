import { ProtocolError } from '../errors.js';
import type { BodyEnd } from '../messages/messages.js';

/** Bytes that may wait for the consumer before the connection is read no further. */
const capacity = 1024 * 1024;

/** How a whole body ended. */
export type WholeBody = Extract<BodyEnd, { ok: true }>;

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/**
 * A body on its way from a connection, which fills the channel as bytes arrive, to its consumer,
 * which iterates over them. It is bounded: the connection waits while the consumer has enough.
 *
 * The iteration ends when the peer has said that the body is whole and its size is right, and
 * throws otherwise: a ProtocolError `incomplete`, or what {@link BodyChannel.fail} was given.
 * Nothing that was read may be kept then. It can be consumed once; whoever stops before its end
 * must drop it.
 */
export class BodyChannel implements AsyncIterable<readonly Uint8Array[]> {
  #parts: Uint8Array[] = [];
  #waitingBytes = 0;
  #receivedBytes = 0;
  #end: WholeBody | undefined;
  #failure: Error | undefined;
  #isDropped = false;
  #isConsumed = false;
  #consumer: Waiting | undefined;
  #producer: Waiting | undefined;

  /** Bytes that have come so far. */
  get received(): number {
    return this.#receivedBytes;
  }

  /** What the peer said at the end; `undefined` until the iteration has ended. */
  get end(): WholeBody | undefined {
    return this.#waitingBytes === 0 ? this.#end : undefined;
  }

  /**
   * @param bytes - the next bytes, which the channel keeps
   * @returns a promise while the consumer has enough, else nothing
   */
  push(bytes: Uint8Array): Promise<void> | undefined {
    this.#receivedBytes += bytes.length;
    if (this.#isDropped || this.#failure || bytes.length === 0) return undefined;
    this.#parts.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#wakeConsumer();
    if (this.#waitingBytes < capacity) return undefined;
    return new Promise((resolve, reject) => {
      this.#producer = { resolve, reject };
    });
  }

  /**
   * Takes the peer's last word on the body.
   *
   * @param end - whether it is whole, and how large
   */
  finish(end: BodyEnd): void {
    if (this.#failure) return;
    if (!end.ok) {
      this.fail(new ProtocolError('incomplete', 'The other side gave the transfer up'));
    } else if (end.size !== this.#receivedBytes) {
      this.fail(new ProtocolError('incomplete', 'The other side counts other bytes than arrived'));
    } else {
      this.#end = end;
      this.#wakeConsumer();
    }
  }

  /**
   * Ends the body before its time; after its end, this does nothing.
   *
   * @param error - what the iteration fails with
   */
  fail(error: Error): void {
    if (this.#end || this.#failure) return;
    this.#failure = error;
    this.#parts = [];
    this.#waitingBytes = 0;
    this.#consumer?.reject(error);
    this.#consumer = undefined;
    this.#wakeProducer();
  }

  /** Nobody wants the rest: what still comes is counted and thrown away, and never taken for whole. */
  drop(): void {
    this.#isDropped = true;
    this.#parts = [];
    this.#waitingBytes = 0;
    this.#consumer?.reject(dropped());
    this.#consumer = undefined;
    this.#wakeProducer();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Uint8Array[], void, void> {
    if (this.#isConsumed) throw new ProtocolError('misuse', 'A body can be consumed only once');
    this.#isConsumed = true;
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (this.#isDropped) throw dropped();
      if (this.#waitingBytes > 0) {
        yield this.#take();
      } else if (this.#end) {
        return;
      } else {
        await new Promise<void>((resolve, reject) => {
          this.#consumer = { resolve, reject };
        });
      }
    }
  }

  #take(): readonly Uint8Array[] {
    const parts = this.#parts;
    this.#parts = [];
    this.#waitingBytes = 0;
    this.#wakeProducer();
    return parts;
  }

  #wakeConsumer(): void {
    this.#consumer?.resolve();
    this.#consumer = undefined;
  }

  #wakeProducer(): void {
    this.#producer?.resolve();
    this.#producer = undefined;
  }
}

function dropped(): ProtocolError {
  return new ProtocolError('misuse', 'This body was dropped before its end');
}
