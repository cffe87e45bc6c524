import { setImmediate, setTimeout as delay } from 'node:timers/promises';

import {
  defaultBackend,
  initiateHandshake,
  type Established,
  type Identity,
} from '@e2eeftp/crypto';
import { decodeCbor, encodeCbor, type CborMap } from '@e2eeftp/protocol';
import type { Transport } from '@e2eeftp/transport';

import { handshake } from '../peer.js';
import { lastRequest, nextMessage } from './messages.js';
import type { Random } from './random.js';
import { mutatedBytes } from './values.js';

/** For how long a client waits that has said something that no server need answer. */
const patience = 10;
/** The id of the last request of a connection; no other has it. */
const lastId = 2 ** 50;

/** What came of the mutated connections. */
export class Tally {
  messages = 0;
  connections = 0;
  answers = 0;
  /** Connections on which all was answered to the end. */
  survivors = 0;
  /** What a server that keeps its promises does not do. */
  readonly faults: string[] = [];
  readonly statuses = new Map<number, number>();
}

/** A client that says what it likes, and looks closely at what it hears. */
export class Mutant {
  readonly #transport: Transport;
  readonly #established: Established;
  readonly #random: Random;
  readonly #tally: Tally;
  #answers = 0;
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

  /** Does one connection's worth of mischief. */
  static async run(
    transport: Transport,
    identity: Identity,
    random: Random,
    tally: Tally,
  ): Promise<void> {
    tally.connections++;
    try {
      if (random.chance(12)) await mutatedHandshake(transport, identity, random, tally);
      else {
        const established = await handshake(transport, identity);
        await new Mutant(transport, established, random, tally).#talk(1 + random.below(30));
      }
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
      const isHarmless = await this.#sayNext(isPolite);
      // Whether anybody still listens shows soon.
      if (!isHarmless) await Promise.race([reading, delay(patience)]);
    }
    await this.#write(lastRequest(this.#established.sealer, lastId));
    if (this.#isHarmless) {
      await Promise.race([hasAnswered, reading]);
      this.#judge(said + 1);
    } else {
      await Promise.race([hasAnswered, reading, delay(patience)]);
    }
    await this.#leave();
    this.#transport.destroy();
    await reading;
  }

  /** Says something, and gives whether it was harmless. */
  async #sayNext(isPolite: boolean): Promise<boolean> {
    const { bytes, isHarmless } = nextMessage(this.#random, this.#established.sealer, isPolite);
    this.#tally.messages++;
    this.#isHarmless &&= isHarmless;
    const cut = this.#random.chance(80) ? 0 : this.#random.below(bytes.length);
    if (cut > 0) {
      await this.#write(bytes.subarray(0, cut));
      await setImmediate();
    }
    await this.#write(bytes.subarray(cut));
    return isHarmless;
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

  async #leave(): Promise<void> {
    const { sealer } = this.#established;
    const manner = this.#random.weighted({ close: 2, end: 1, vanish: 2 });
    if (manner === 'vanish') return;
    const close = sealer.seal('close', [encodeCbor({ status: 200, text: '' })]);
    if (manner === 'close') await this.#write(Buffer.concat(close));
    await this.#transport.end().catch(() => undefined);
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
        }
      }
    } catch (error) {
      const isTheNetworks = error instanceof Error && error.name === 'TransportError';
      if (!isTheNetworks) this.#fault(`what came could not be read: ${String(error)}`);
    }
    this.#isOver = true;
  }

  /** Whether a body follows. */
  #answer({ id, status, text, body }: CborMap): boolean {
    this.#answers++;
    this.#tally.answers++;
    const { statuses } = this.#tally;
    statuses.set(Number(status), (statuses.get(Number(status)) ?? 0) + 1);
    if (status === 500) this.#fault(`an answer says 500: ${JSON.stringify(text)}`);
    if (id === lastId) this.#onLast?.();
    return body === true;
  }

  #fault(what: string): void {
    this.#tally.faults.push(what);
  }
}

/** A handshake some bytes of which are others. */
async function mutatedHandshake(
  transport: Transport,
  identity: Identity,
  random: Random,
  tally: Tally,
): Promise<void> {
  tally.messages++;
  const role = initiateHandshake({ backend: defaultBackend, identity, acceptServer: () => true });
  const hello = role.start();
  const isHelloGood = random.chance(50);
  await transport.write([isHelloGood ? hello : mutatedBytes(random, hello)]);
  const heard = isHelloGood
    ? transport.read()
    : Promise.race([transport.read(), delay(patience, undefined)]);
  const answer = await heard.catch(() => undefined);
  if (!answer || !isHelloGood) return;
  const { send } = role.receive(answer);
  if (send.length === 0) return;
  await transport.write([random.chance(90) ? mutatedBytes(random, send) : random.bytes(200)]);
  await Promise.race([transport.read().catch(() => undefined), delay(patience)]);
}
