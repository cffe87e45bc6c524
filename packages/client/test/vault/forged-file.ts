import { joinPath, type RemotePath } from '@e2eeftp/protocol';
import {
  beginSealing,
  newEntryId,
  openingAccess,
  rootDirectory,
  VaultNames,
  type OpenedKeyring,
} from '@e2eeftp/vault';

import type { Identity } from '../../src/index.js';
import type { Member, World } from './hostile-world.js';

/** Seals a file as no client does, and stores it with the help of the server. */
export async function forge(
  { server, root }: World,
  opened: OpenedKeyring,
  sender: Identity,
  name: string,
  content: string,
): Promise<void> {
  const entry = newEntryId();
  const access = { ...openingAccess(opened), epoch: opened.keyring.epoch, sender };
  const metadata = { mtime: 1_700_000_000_000, mode: 0o600, replaces: [] };
  const sealer = beginSealing(access, { entry, metadata });
  const parts = [sealer.start(), sealer.update(Buffer.from(content)), sealer.finish()];
  const bytes = Buffer.concat(parts.flatMap((part) => part.bytes));
  const stored = new VaultNames(opened).seal(rootDirectory, entry, name);
  await server.disk.write(joinPath(root as RemotePath, stored), bytes);
}

/** Somebody who signs with his own key in another one's name. */
export function inTheNameOf(other: Member, self: Member): Identity {
  const { publicKey } = other.identity;
  const sign = (message: Uint8Array): Uint8Array => self.identity.sign(message);
  return { publicKey, sign } as unknown as Identity;
}
