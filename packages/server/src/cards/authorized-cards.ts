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
    find: async (identity) =>
      (await authorizer.authorize(identity)) && (await cards.find(identity)),
    publish: (identity, card) => cards.publish(identity, card),
  };
}
