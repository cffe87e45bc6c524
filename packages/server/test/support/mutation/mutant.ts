import { setImmediate, setTimeout as delay } from 'node:timers/promises';

import type { Established, Identity } from '@e2eeftp/crypto';
import { decodeCbor, encodeCbor, type CborMap } from '@e2eeftp/protocol';
import type { Transport } from '@e2eeftp/transport';

import { handshake } from '../peer.js';
import { endsInTime } from './hearing.js';
import { lastRequest, nextMessage, type MutatedMessage } from './messages.js';
import { Random } from './random.js';
import { strangeHandshake } from './strange-handshake.js';
import { strangeLine } from './strange-line.js';
import { faultOf, faultOfClose, type AskedRequest } from './verdict.js';

/** For how long a client waits that has said something that no server need answer. */
const patience = 10;
/** The id of the last request of a connection; no other has it. */
const lastId = 2 ** 50;
const lastCommand = 'PING';

/** What came of the mutated connections. */
export class Tally {
  messages = 0;
  /** Connections in the current generation that came through the handshake. */
  connections = 0;
  handshakes = 0;
  lines = 0;
  answers = 0;
  /** Connections on which all was answered to the end. */
  survivors = 0;
  /** What a server that keeps its promises does not do. */
  readonly faults: string[] = [];
  readonly statuses = new Map<number, number>();

  note(status: number): void {
    this.answers++;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }
}

/** A client that says what it likes, and looks closely at what it hears. */
export class Mutant {
  readonly #transport: Transport;
  readonly #established: Established;
  readonly #random: Random;
  readonly #tally: Tally;
  /** Requests that are answered in their order, as long as nothing else was said. */
  readonly #asked: AskedRequest[] = [];
  readonly #faults: string[] = [];
  #answers = 0;
  /** How many answers there may be at all. */
  #most = Infinity;
  #isHarmless = true;
  #isOver = false;
  #onLast: (() => void) | undefined;

  private constructor(
    transport: Transport,
    established: Established,
    random: Random,
    tally: Tally,
  ) {
    this.#transport = transport;
    this.#established = established;
    this.#random = random;
    this.#tally = tally;
  }

  /**
   * Does one connection's worth of mischief.
   *
   * @param seed - what to choose it by: the same is said again to look into a fault
   */
  static async run(
    transport: Transport,
    identity: Identity,
    seed: number,
    tally: Tally,
  ): Promise<void> {
    const random = new Random(seed);
    const note = (fault: string | undefined): void => {
      if (fault !== undefined) tally.faults.push(`mutant ${seed}: ${fault}`);
    };
    try {
      switch (random.weighted({ talk: 6, handshake: 2, line: 2 })) {
        case 'handshake':
          tally.messages++;
          tally.handshakes++;
          note(await strangeHandshake(transport, identity, random));
          break;
        case 'line':
          tally.messages++;
          tally.lines++;
          note(await strangeLine(transport, identity, random));
          break;
        case 'talk': {
          tally.connections++;
          const established = await handshake(transport, identity);
          const mutant = new Mutant(transport, established, random, tally);
          await mutant.#talk(1 + random.below(30));
          mutant.#faults.forEach(note);
        }
      }
    } catch (error) {
      note(`it was interrupted: ${String(error)}`);
    } finally {
      transport.destroy();
    }
  }

  async #talk(count: number): Promise<void> {
    const reading = this.#read();
    const hasAnswered = new Promise<void>((resolve) => {
      this.#onLast = resolve;
    });
    const isPolite = this.#random.chance(50);
    let said = 0;
    for (; said < count && !this.#isOver; said++) {
      const message = nextMessage(this.#random, this.#established.sealer, isPolite);
      await this.#say(message);
      if (message.mostAnswers !== undefined && !(await endsInTime(reading))) {
        this.#fault('the server went on after what it must hang up on');
      }
      // Whether anybody still listens shows soon.
      if (!message.asked) await Promise.race([reading, delay(patience)]);
    }
    this.#ask({ id: lastId, command: lastCommand });
    await this.#write(lastRequest(this.#established.sealer, lastId));
    if (this.#isHarmless) {
      if (!(await endsInTime(Promise.race([hasAnswered, reading])))) this.#fault('no answer came');
      this.#judge(said + 1);
    } else {
      await Promise.race([hasAnswered, reading, delay(patience)]);
    }
    const mustEnd = await this.#leave();
    if (mustEnd && !(await endsInTime(reading))) this.#fault('the server did not hang up');
    this.#transport.destroy();
    await reading;
    if (this.#answers > this.#most) this.#fault('what no server may understand was answered');
  }

  async #say({ bytes, asked, mostAnswers }: MutatedMessage): Promise<void> {
    this.#tally.messages++;
    if (mostAnswers !== undefined && this.#isHarmless) {
      this.#most = this.#asked.length + mostAnswers;
    }
    this.#ask(asked);
    const cut = this.#random.chance(80) ? 0 : this.#random.below(bytes.length);
    if (cut > 0) {
      await this.#write(bytes.subarray(0, cut));
      await setImmediate();
    }
    await this.#write(bytes.subarray(cut));
  }

  /** What comes behind something that is no request need not be answered, nor in any order. */
  #ask(asked: AskedRequest | undefined): void {
    if (!asked) this.#isHarmless = false;
    else if (this.#isHarmless) this.#asked.push(asked);
  }

  /** Who hung up does so for a reason, or it is a fault. */
  async #write(bytes: Uint8Array): Promise<void> {
    await this.#transport.write([bytes]).catch(() => {
      this.#isOver = true;
    });
  }

  #judge(expected: number): void {
    if (this.#answers === expected) this.#tally.survivors++;
    else this.#fault(`${this.#answers} answers came to ${expected} requests without fault`);
  }

  /** Gives whether the server has heard of it, and so hangs up too. */
  async #leave(): Promise<boolean> {
    const { sealer } = this.#established;
    const manner = this.#random.weighted({ close: 2, end: 1, vanish: 2 });
    if (manner === 'vanish') return false;
    const close = sealer.seal('close', [encodeCbor({ status: 200, text: '' })]);
    if (manner === 'close') await this.#write(Buffer.concat(close));
    await this.#transport.end().catch(() => undefined);
    return true;
  }

  /** Until nothing more comes. It never fails: what should not have come is a fault. */
  async #read(): Promise<void> {
    let isWelcomed = false;
    let isBody = false;
    try {
      for (let chunk = await this.#transport.read(); chunk; chunk = await this.#transport.read()) {
        for (const { type, plaintext } of this.#established.opener.receive(chunk)) {
          if (type === 'data' || type === 'end') {
            if (!isBody) this.#fault(`a record of ${type} came out of place`);
            if (type === 'end') isBody = false;
          } else if (type === 'message' && isWelcomed) {
            if (isBody) this.#fault('an answer came within a body');
            isBody = this.#answer(decodeCbor(plaintext) as CborMap);
          } else if (type === 'message') isWelcomed = true;
          else this.#faultIf(faultOfClose(decodeCbor(plaintext) as CborMap));
        }
      }
    } catch (error) {
      const isTheNetworks = error instanceof Error && error.name === 'TransportError';
      if (!isTheNetworks) this.#fault(`what came could not be read: ${String(error)}`);
    }
    this.#isOver = true;
  }

  /** Gives whether a body follows. */
  #answer(answer: CborMap): boolean {
    const asked = this.#asked[this.#answers++];
    this.#faultIf(faultOf(answer, asked));
    this.#tally.note(Number(answer['status']));
    if (answer['id'] === lastId) this.#onLast?.();
    return answer['body'] === true;
  }

  #faultIf(what: string | undefined): void {
    if (what !== undefined) this.#fault(what);
  }

  #fault(what: string): void {
    this.#faults.push(what);
  }
}
