import { concatBytes } from '../bytes.js';
import { CryptoError } from '../errors.js';
import type { RecordOpener } from '../record/record-opener.js';
import type { RecordSealer } from '../record/record-sealer.js';
import type { Suite } from '../suites.js';

/** What a finished handshake leaves to one side. */
export interface Established {
  /** The identity that the peer proved, 32 bytes. Whether it is authorized is the caller's question. */
  readonly peerIdentity: Uint8Array;
  /** The cipher suite in use. */
  readonly suite: Suite;
  /** A value that only this connection's two ends know, 32 bytes. */
  readonly channelBinding: Uint8Array;
  /** Makes this side's records. */
  readonly sealer: RecordSealer;
  /** Opens the peer's records. */
  readonly opener: RecordOpener;
}

/** What a role asks of its driver: to send bytes, or to read exactly so many. */
type HandshakeStep = { readonly send: Uint8Array } | { readonly read: number };

/** One role's part of the handshake, from its first step to the established connection. */
export type HandshakeRole = Generator<HandshakeStep, Established, Uint8Array>;

/** What a {@link Handshake} does with the bytes that it is fed. */
export interface HandshakeProgress {
  /** Bytes to send now, possibly none. */
  readonly send: Uint8Array;
  /** Set once the handshake is finished. */
  readonly established?: Established;
  /** What came behind the handshake's last byte: the first records. Meaningful once established. */
  readonly rest: Uint8Array;
}

/**
 * Drives one role of the handshake: a pure state machine, bytes in and bytes out.
 *
 * Make one with {@link initiateHandshake} or {@link respondToHandshake}. After an error it is
 * dead, and the connection must end without a reply.
 */
export class Handshake {
  readonly #role: HandshakeRole;
  readonly #awaited = { length: 0, filled: 0, bytes: new Uint8Array(0) };
  #state: 'new' | 'running' | 'ended' = 'new';

  /** @param role - the role's part */
  constructor(role: HandshakeRole) {
    this.#role = role;
  }

  /**
   * Begins the handshake.
   *
   * @returns what this side sends before it has heard anything, possibly nothing
   * @throws CryptoError `misuse` when it was begun before, or has nothing to offer
   */
  start(): Uint8Array {
    this.#expect('new');
    this.#state = 'running';
    return this.#advance(new Uint8Array(0), new Uint8Array(0)).send;
  }

  /**
   * Feeds the next bytes from the peer.
   *
   * @param chunk - any part of the stream, of any length
   * @returns what to send, and the established connection once there is one
   * @throws CryptoError whatever the role found wrong: `bad-message`, `bad-key`,
   *   `authentication-failed`, `no-common-suite`, `untrusted-server`
   */
  receive(chunk: Uint8Array): HandshakeProgress {
    this.#expect('running');
    const { bytes, filled, length } = this.#awaited;
    const part = chunk.subarray(0, length - filled);
    bytes.set(part, filled);
    this.#awaited.filled += part.length;
    if (this.#awaited.filled < length) {
      return { send: new Uint8Array(0), rest: new Uint8Array(0) };
    }
    return this.#advance(bytes, chunk.subarray(part.length));
  }

  #advance(message: Uint8Array, chunk: Uint8Array): HandshakeProgress {
    try {
      return this.#run(message, chunk);
    } catch (error) {
      this.#state = 'ended';
      throw error;
    }
  }

  #run(message: Uint8Array, chunk: Uint8Array): HandshakeProgress {
    const outgoing: Uint8Array[] = [];
    let rest = chunk;
    let step = this.#role.next(message);
    while (step.done !== true) {
      const wanted = step.value;
      if ('send' in wanted) {
        outgoing.push(wanted.send);
        step = this.#role.next(new Uint8Array(0));
        continue;
      }
      const part = rest.subarray(0, wanted.read);
      rest = rest.subarray(part.length);
      if (part.length < wanted.read) {
        this.#await(wanted.read, part);
        return { send: concatBytes(...outgoing), rest };
      }
      step = this.#role.next(Uint8Array.from(part));
    }
    this.#state = 'ended';
    return { send: concatBytes(...outgoing), established: step.value, rest };
  }

  #await(length: number, part: Uint8Array): void {
    const bytes = new Uint8Array(length);
    bytes.set(part);
    Object.assign(this.#awaited, { length, filled: part.length, bytes });
  }

  #expect(state: 'new' | 'running'): void {
    if (this.#state !== state) {
      throw new CryptoError('misuse', `This handshake is ${this.#state}, not ${state}`);
    }
  }
}
