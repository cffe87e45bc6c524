import { addressGroup } from './address-group.js';
import { HandshakePenalties } from './handshake-penalties.js';

/** What {@link Admission} holds connections to. */
export interface AdmissionLimits {
  /** Connections at once, all together. */
  readonly connections: number;
  /** Connections at once from one address, or one IPv6 network of 64 bits. */
  readonly connectionsPerAddress: number;
  /**
   * Handshakes under way at once, at most half of them from one address; further connections wait
   * for their turn, unread.
   */
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

/** What comes from one address. */
interface Group {
  connections: number;
  handshakes: number;
}

/** A connection whose handshake may not begin yet. */
interface Turn {
  readonly group: Group;
  start(): void;
}

/**
 * Decides which connections a server takes, before a byte of them is read: each one refused here
 * costs next to nothing. One object counts for all processes that serve a port.
 */
export class Admission {
  #limits: AdmissionLimits;
  readonly #penalties: HandshakePenalties;
  readonly #groups = new Map<string, Group>();
  /** Oldest first. */
  readonly #waiting = new Set<Turn>();
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

  /** @param limits - what to hold connections to from now on; who is in stays in */
  changeLimits(limits: AdmissionLimits): void {
    this.#limits = limits;
    this.#startNext();
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
    const name = addressGroup(peer);
    const known = name === undefined ? undefined : this.#groups.get(name);
    // Peers without an address are strangers to each other: none pays for another.
    const group = known ?? { connections: 0, handshakes: 0 };
    const { connections, connectionsPerAddress, delaysFailures } = this.#limits;
    if (this.#connections >= connections) return 'connections';
    if (group.connections >= connectionsPerAddress) return 'connections-per-address';
    if (name !== undefined) {
      if (delaysFailures && this.#penalties.isBarred(name)) return 'failures';
      this.#groups.set(name, group);
    }
    this.#connections += 1;
    group.connections += 1;
    return this.#ticketFor(name, group);
  }

  #ticketFor(name: string | undefined, group: Group): Ticket {
    let isOpen = true;
    let isHandshake = false;
    let begun: Promise<void> | undefined;
    let goOn = (): void => undefined;
    const turn: Turn = {
      group,
      start: () => {
        isHandshake = true;
        this.#handshakes += 1;
        group.handshakes += 1;
        goOn();
      },
    };
    const wait = (): Promise<void> =>
      new Promise((resolve) => {
        goOn = resolve;
        this.#waiting.add(turn);
        this.#startNext();
      });
    const endHandshake = (): void => {
      this.#waiting.delete(turn);
      if (!isHandshake) return;
      isHandshake = false;
      this.#handshakes -= 1;
      group.handshakes -= 1;
      this.#startNext();
    };
    return {
      begin: () => (begun ??= isOpen ? wait() : Promise.resolve()),
      established: () => {
        endHandshake();
        if (name !== undefined) this.#penalties.succeeded(name);
      },
      close: (hasFailed) => {
        if (!isOpen) return;
        isOpen = false;
        endHandshake();
        goOn();
        this.#connections -= 1;
        group.connections -= 1;
        if (name === undefined) return;
        if (hasFailed) this.#penalties.failed(name);
        if (group.connections === 0) this.#groups.delete(name);
      },
    };
  }

  #startNext(): void {
    while (this.#handshakes < this.#limits.handshakes) {
      const turn = this.#nextTurn();
      if (!turn) return;
      this.#waiting.delete(turn);
      turn.start();
    }
  }

  /** The oldest of those whose address has the fewest handshakes under way. */
  #nextTurn(): Turn | undefined {
    // So that one address that begins handshakes and says nothing cannot keep others out.
    let fewest = Math.ceil(this.#limits.handshakes / 2);
    let next: Turn | undefined;
    for (const turn of this.#waiting) {
      if (turn.group.handshakes >= fewest) continue;
      next = turn;
      fewest = turn.group.handshakes;
      if (fewest === 0) break;
    }
    return next;
  }
}
