import { equalBytes, type Identity } from '@e2eeftp/crypto';
import type { CborMap } from '@e2eeftp/protocol';
import {
  encodeCard,
  makeCard,
  parseCard,
  requireCardOf,
  VaultError,
  type Card,
  type SealingIdentity,
} from '@e2eeftp/vault';

import type { Client } from '../client.js';
import { ClientError } from '../errors.js';
import type { OperationOptions } from '../options.js';
import { checkResult } from '../requests.js';

/** The cards that people have published at a server, which has no say in what stands on them. */
export class Cards {
  readonly #client: Pick<Client, 'request'>;

  /** @param client - asks the server */
  constructor(client: Pick<Client, 'request'>) {
    this.#client = client;
  }

  /**
   * @param fingerprint - somebody's
   * @param options - when to give up
   * @returns the card of whoever has that fingerprint
   * @throws ClientError `not-found` when there is none; VaultError when it is somebody else's, or false
   */
  async find(fingerprint: string, options: OperationOptions): Promise<Card> {
    const bytes = await this.#ask({ fingerprint }, options);
    if (bytes) return requireCardOf(parseCard(bytes), fingerprint);
    throw new ClientError(
      'not-found',
      `The server has no card of ${fingerprint}: that person runs \`e2eeftp vault card\` at this server once, and has to be allowed to use it`,
    );
  }

  /**
   * Gives the card that somebody has published, so that others see him under one name.
   *
   * @param identity - who asks
   * @param sealing - his sealing identity
   * @param options - when to give up
   * @returns his own card; nothing when there is none that he made with this key
   */
  async findOwn(
    identity: Identity,
    sealing: SealingIdentity,
    options: OperationOptions,
  ): Promise<Card | undefined> {
    const bytes = await this.#ask({}, options);
    const card = bytes && readable(bytes);
    const isOwn =
      card &&
      equalBytes(card.identity, identity.publicKey) &&
      equalBytes(card.recipient, sealing.recipient);
    return isOwn ? card : undefined;
  }

  /**
   * Makes somebody's card, and publishes it in the place of the one before.
   *
   * @param identity - whose
   * @param sealing - his sealing identity
   * @param name - what he wants to be called
   * @param options - when to give up
   * @returns the card
   */
  async publish(
    identity: Identity,
    sealing: SealingIdentity,
    name: string,
    options: OperationOptions,
  ): Promise<Card> {
    const card = makeCard(identity, sealing, name);
    await this.#ask({ card: encodeCard(card) }, options);
    return card;
  }

  async #ask(args: CborMap, options: OperationOptions): Promise<Uint8Array | undefined> {
    try {
      const { result } = await this.#client.request('CARD', args, options);
      return checkResult('CARD', { result }).card;
    } catch (error) {
      if (error instanceof ClientError && error.code === 'not-found') return undefined;
      throw error;
    }
  }
}

/** What the server made of it is no obstacle to a new one. */
function readable(bytes: Uint8Array): Card | undefined {
  try {
    return parseCard(bytes);
  } catch (error) {
    if (error instanceof VaultError) return undefined;
    throw error;
  }
}
