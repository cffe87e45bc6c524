import { expect, test } from '@jest/globals';

import { vaultLimits, vaultSizes } from '../../src/index.js';
import { formatAgeRecipient } from '../../src/identity/age-recipient.js';
import { encodeKeyring, parseKeyring } from '../../src/keyring/keyring.js';
import { sealContents } from '../../src/keyring/sealed-contents.js';
import { filled } from '../support/bytes.js';
import { person } from '../support/people.js';
import { vaultOf } from '../support/vaults.js';

const longestName = 'n'.repeat(vaultLimits.displayName);

function identity(index: number): Uint8Array {
  return Uint8Array.of(...filled(30, 1), index >> 8, index & 0xff);
}

test('a keyring that reaches every bound is not too large to be read', async () => {
  const alice = await person('alice');
  const { keyrings } = await vaultOf(alice);
  const recipient = formatAgeRecipient(alice.card.recipient);
  const contents = {
    vault: filled(vaultSizes.vaultId, 1),
    sequence: vaultLimits.sequence,
    name: longestName,
    secrets: Array.from({ length: vaultLimits.epoch }, (_, index) => filled(32, index)),
  };
  // Sealing to a thousand takes long, and each takes the same room.
  const one = await sealContents(contents, [recipient]);
  const two = await sealContents(contents, [recipient, recipient]);
  const sealedSize = one.length + (two.length - one.length) * (vaultLimits.members - 1);
  const bytes = encodeKeyring({
    ...parseKeyring(keyrings[0] as Uint8Array),
    sequence: vaultLimits.sequence,
    epoch: vaultLimits.epoch,
    oldest: vaultLimits.epoch,
    random: new Uint8Array(0),
    members: Array.from({ length: vaultLimits.members }, (_, index) => ({
      card: { ...alice.card, identity: identity(index), name: longestName },
      role: 'owner' as const,
    })),
    former: Array.from({ length: vaultLimits.former }, (_, index) => ({
      identity: identity(index),
      name: longestName,
      role: 'writer' as const,
      lastEpoch: vaultLimits.epoch,
    })),
    sealed: filled(sealedSize, 1),
  });
  expect(bytes.length).toBeLessThanOrEqual(vaultLimits.keyring);
  expect(parseKeyring(bytes)).toMatchObject({ epoch: vaultLimits.epoch });
});
