import { parseCard, VaultError } from '@e2eeftp/vault';

import type { Authorizer } from '../authorization/authorizer.js';
import type { CardStore } from './card-store.js';

/**
 * Shows the cards of those who may use the server: whoever has lost that is not to be added to a
 * vault by a card that the server still has.
 *
 * @param cards - all that were published
 * @param authorizer - says who may use the server
 * @returns those cards
 */
export function authorizedCards(cards: CardStore, authorizer: Authorizer): CardStore {
  return {
    find: async (fingerprint) => {
      const card = await cards.find(fingerprint);
      const identity = card && identityOn(card);
      return identity && (await authorizer.authorize(identity)) ? card : undefined;
    },
    publish: (fingerprint, card) => cards.publish(fingerprint, card),
  };
}

/** Nobody is shown what was a card once, before its file was damaged. */
function identityOn(card: Uint8Array): Uint8Array | undefined {
  try {
    return parseCard(card).identity;
  } catch (error) {
    if (error instanceof VaultError) return undefined;
    throw error;
  }
}
