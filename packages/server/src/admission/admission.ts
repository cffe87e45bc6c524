import { addressGroup } from './address-group.js';
import { HandshakePenalties } from './handshake-penalties.js';

/** What {@link Admission} holds connections to. */
export interface AdmissionLimits {
  /** Connections at once, all together. */
  readonly connections: number;
  /** Connections at once from one address, or one IPv6 network of 64 bits. */
  readonly connectionsPerAddress: number;
  /** Handshakes under way at once; further connections wait for their turn, unread. */
  readonly handshakes: number;
  /** Whether an address that fails at handshakes again and again has to wait. */
  readonly delaysFailures: boolean;
}

/** Why a connection is refused. */
export type Refusal = 'connections' | 'connections-per-address' | 'failures';

/** A connection that was let in. Whoever owns the connection says what becomes of it. */
export interface Ticket {
  /**
   * @returns once the handshake may begin, or the ticket was closed
   */
  begin(): Promise<void>;
  /** The client is known now. */
  established(): void;
  /** The connection has ended. One that got nowhere with its handshake, though it began one, failed. */
  close(hasFailed: boolean): void;
}

/**
 * Decides which connections a server takes, before a byte of them is read: each one refused here
 * costs next to nothing. One object counts for all processes that serve a port.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #penalties: HandshakePenalties;
  readonly #perGroup = new Map<string, number>();
  /** Those whose handshake may not begin yet, oldest first. */
  readonly #waiting = new Set<() => void>();
  #connections = 0;
  #handshakes = 0;

  /**
   * @param limits - what to hold connections to
   * @param now - milliseconds of a clock that only goes forward
   */
  constructor(limits: AdmissionLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#penalties = new HandshakePenalties(now);
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#connections;
  }

  /** Handshakes that are under way now. */
  get handshakes(): number {
    return this.#handshakes;
  }

  /**
   * @param peer - where a connection comes from, as its transport says
   * @returns a ticket for it, or why it is refused
   */
  admit(peer: string): Ticket | Refusal {
    const group = addressGroup(peer);
    const ofGroup = this.#perGroup.get(group) ?? 0;
    const { connections, connectionsPerAddress, delaysFailures } = this.#limits;
    if (this.#connections >= connections) return 'connections';
    if (ofGroup >= connectionsPerAddress) return 'connections-per-address';
    if (delaysFailures && this.#penalties.isBarred(group)) return 'failures';
    this.#connections += 1;
    this.#perGroup.set(group, ofGroup + 1);
    return this.#ticketFor(group);
  }

  #ticketFor(group: string): Ticket {
    let isOpen = true;
    let isHandshake = false;
    let start = (): void => undefined;
    const endHandshake = (): void => {
      this.#waiting.delete(start);
      if (!isHandshake) return;
      isHandshake = false;
      this.#handshakes -= 1;
      this.#startNext();
    };
    return {
      begin: () =>
        new Promise((resolve) => {
          start = () => {
            if (isOpen) this.#handshakes += 1;
            isHandshake = isOpen;
            resolve();
          };
          this.#waiting.add(start);
          this.#startNext();
        }),
      established: () => {
        endHandshake();
        this.#penalties.succeeded(group);
      },
      close: (hasFailed) => {
        if (!isOpen) return;
        isOpen = false;
        endHandshake();
        start();
        if (hasFailed) this.#penalties.failed(group);
        this.#connections -= 1;
        const left = (this.#perGroup.get(group) ?? 1) - 1;
        if (left > 0) this.#perGroup.set(group, left);
        else this.#perGroup.delete(group);
      },
    };
  }

  #startNext(): void {
    for (const start of this.#waiting) {
      if (this.#handshakes >= this.#limits.handshakes) return;
      this.#waiting.delete(start);
      start();
    }
  }
}
