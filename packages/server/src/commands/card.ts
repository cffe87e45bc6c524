import { equalBytes, fingerprint } from '@e2eeftp/crypto';
import { commandSchemas } from '@e2eeftp/protocol';
import { parseCard, VaultError, type Card } from '@e2eeftp/vault';

import { CommandError } from '../command/answer.js';
import { defineCommand } from '../command/command.js';

/** CARD: publishes the client's own card, or gives somebody's. */
export const card = defineCommand({
  name: 'CARD',
  summary: 'Publishes your card for vaults, or gives the card of somebody else',
  args: commandSchemas.CARD.args,
  // Who only reads is added to vaults by a card too.
  effect: 'none',
  async handler({ identity, fingerprint: wanted, card: published }, { client, cards }) {
    if (published) {
      const { identity: owner } = parse(published);
      // Members check the fingerprint too, but a card of somebody else's would hide the right one.
      if (!equalBytes(owner, client.identity)) throw new CommandError(403);
      await cards.publish(fingerprint(client.identity), published);
      return { status: 200, result: { card: published } };
    }
    const found = await cards.find(wanted ?? fingerprint(identity ?? client.identity));
    if (!found) throw new CommandError(404);
    return { status: 200, result: { card: found } };
  },
});

function parse(bytes: Uint8Array): Card {
  try {
    return parseCard(bytes);
  } catch (error) {
    if (error instanceof VaultError) throw new CommandError(400, undefined, { cause: error });
    throw error;
  }
}
