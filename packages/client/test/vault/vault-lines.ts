import { fingerprint } from '@e2eeftp/crypto';
import { keyringPath, makeCard, makeFirstKeyring, SealingIdentity } from '@e2eeftp/vault';

import { Identity, type Client, type VaultUploads } from '../../src/index.js';
import { VaultSession } from '../../src/vault/vault-session.js';
import { VaultTree } from '../../src/vault/vault-tree.js';

/** A person's vault, which can be opened over any client of that person. */
export interface OwnVault {
  readonly identity: Identity;
  /** Puts the vault onto a server. */
  begin(client: Client): Promise<void>;
  /** Opens it; the files in it are those of the tree. */
  open(client: Client, uploads?: VaultUploads): Promise<VaultTree>;
}

/** Makes somebody with a vault. */
export async function makeOwnVault(identity = Identity.generate()): Promise<OwnVault> {
  const sealing = SealingIdentity.of(identity);
  const card = makeCard(identity, sealing, 'alice');
  const made = await makeFirstKeyring({ owner: identity, card, name: 'v', kind: 'shared' });
  const { vault, bytes } = made;
  const firstOwner = fingerprint(identity.publicKey);
  return {
    identity,
    begin: async (client) => {
      const path = keyringPath(vault, 1);
      await client.send([bytes], path, { size: bytes.length, overwrite: 'never' });
    },
    open: async (client, uploads) => {
      const session = await VaultSession.open(client, { vault, identity, sealing, firstOwner });
      return new VaultTree(client, session, { uploads });
    },
  };
}
