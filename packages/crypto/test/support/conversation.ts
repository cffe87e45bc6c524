import { concatBytes, CryptoError, type Established, type Handshake } from '../../src/index.js';

export type Role = 'client' | 'server';

/** What lies between the two sides: it may cut, alter, drop and add what one of them sent. */
export type Wire = (sent: Uint8Array, from: Role) => readonly Uint8Array[];

/** What became of one side. */
class Side {
  readonly #handshake: Handshake;
  #sent: Uint8Array = new Uint8Array(0);
  #rest: Uint8Array = new Uint8Array(0);
  established: Established | undefined;
  error: CryptoError | undefined;

  constructor(handshake: Handshake) {
    this.#handshake = handshake;
  }

  /** Everything that this side has sent. */
  get sent(): Uint8Array {
    return this.#sent;
  }

  /** What came behind the handshake. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  start(): Uint8Array {
    return this.#note(this.#handshake.start());
  }

  receive(piece: Uint8Array): Uint8Array {
    if (this.error) return new Uint8Array(0);
    if (this.established) {
      this.#rest = concatBytes(this.#rest, piece);
      return new Uint8Array(0);
    }
    try {
      const progress = this.#handshake.receive(piece);
      this.established = progress.established;
      if (progress.established) this.#rest = Uint8Array.from(progress.rest);
      return this.#note(progress.send);
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
      this.error = error;
      return new Uint8Array(0);
    }
  }

  #note(sent: Uint8Array): Uint8Array {
    this.#sent = concatBytes(this.#sent, sent);
    return sent;
  }
}

/** Both sides of a handshake once they have nothing more to say. */
export type Conversation = Record<Role, Side>;

export function converse(
  client: Handshake,
  server: Handshake,
  wire: Wire = (sent) => [sent],
): Conversation {
  const sides = { client: new Side(client), server: new Side(server) };
  const underWay: { readonly from: Role; readonly pieces: readonly Uint8Array[] }[] = [];
  const send = (from: Role, sent: Uint8Array): void => {
    if (sent.length > 0) underWay.push({ from, pieces: wire(sent, from) });
  };
  send('server', sides.server.start());
  send('client', sides.client.start());
  for (let next = underWay.shift(); next; next = underWay.shift()) {
    const to = next.from === 'client' ? 'server' : 'client';
    for (const piece of next.pieces) send(to, sides[to].receive(piece));
  }
  return sides;
}

/** The connections of a conversation that must have succeeded. */
export function bothEstablished({ client, server }: Conversation): Record<Role, Established> {
  const failure = client.error ?? server.error;
  if (failure) throw failure;
  if (!client.established || !server.established) throw new Error('the handshake did not finish');
  return { client: client.established, server: server.established };
}
