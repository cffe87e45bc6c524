import { joinPath, type RemotePath } from '@e2eeftp/protocol';

import { ClientError } from '../errors.js';
import type { RemoveOptions, RenameOptions } from '../options.js';
import { damagedError } from './file-finder.js';
import { changeVault, refusable } from './open-vault.js';
import { etagOf } from './vault-item.js';
import { requireReplaceable, type SendingTools } from './vault-sending.js';

/**
 * Gives a file or folder of a vault another name, or another place. What is in a folder stays as it is.
 *
 * @param tools - what to work with
 * @param from - what
 * @param to - where to; missing folders are made
 * @param options - what to do about a file that is there, with the operation's signal
 * @throws ClientError; VaultError
 */
export async function renameEntry(
  tools: SendingTools,
  from: RemotePath,
  to: RemotePath,
  { overwrite = 'never', signal }: RenameOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { client, vault, folders, places, turns } = tools;
  await turns.run([to], signal, () =>
    changeVault(vault, signal, async (keyring) => {
      const since = performance.now();
      const source = await places.find(from, { signal, since });
      if (source.kind === 'root') throw rootError('renamed');
      if (source.kind === 'damaged') throw damagedError(source.damaged.reason);
      const { item, folder } = source;
      if (to.startsWith(`${from}/`)) throw intoItselfError(from, to);
      const place = await places.forNew(to, keyring, { signal });
      const target = await folders.again(place.folder, { signal, since });
      if (target.ids.some((id) => Buffer.compare(id, item.id) === 0)) {
        throw intoItselfError(from, to);
      }
      const { name } = place;
      const older = target.entries.get(name);
      requireReplaceable(to, target.damaged.has(name), older, overwrite);
      if (older && item.stored.type === 'directory') {
        throw new ClientError('conflict', `Cannot rename ${from}: a file has the name ${to}`);
      }
      const before = joinPath(folder.path, item.stored.stored);
      const stored = target.seal(item.id, name);
      const after = joinPath(target.path, stored);
      await refusable(client.rename(before, after, { overwrite: 'never', keyring, signal }));
      folder.remove(item.stored.stored);
      folders.forget(before);
      target.put({ ...item.stored, stored }, { id: item.id, name });
      if (!older) return;
      // Only now, so that nothing is lost should this be cut short: both are shown then.
      const { etag } = older.stored;
      await client.remove(joinPath(target.path, older.stored.stored), { etag, signal });
      target.remove(older.stored.stored);
    }),
  );
}

/**
 * Seals the name of a folder in the epoch that is in force. What is in the folder stays as it is.
 *
 * @param tools - what to work with
 * @param path - the folder
 * @param signal - ends it early
 * @throws ClientError
 */
export async function resealFolder(
  { client, vault, folders, places, turns }: SendingTools,
  path: RemotePath,
  signal: AbortSignal,
): Promise<void> {
  await turns.run([path], signal, () =>
    changeVault(vault, signal, async (keyring) => {
      const found = await places.find(path, { signal, since: performance.now() });
      if (found.kind !== 'entry') throw rootError('sealed anew');
      const { item, folder } = found;
      const before = joinPath(folder.path, item.stored.stored);
      const stored = folder.seal(item.id, item.sealedName);
      const after = joinPath(folder.path, stored);
      await refusable(client.rename(before, after, { overwrite: 'never', keyring, signal }));
      folder.remove(item.stored.stored);
      folders.forget(before);
      folder.put({ ...item.stored, stored }, { id: item.id, name: item.sealedName });
    }),
  );
}

/**
 * Removes a file or folder of a vault, or something damaged in it.
 *
 * @param tools - what to work with
 * @param path - what
 * @param options - which version, and whether a folder may go with all that is in it
 * @throws ClientError
 */
export async function removeEntry(
  tools: SendingTools,
  path: RemotePath,
  { recursive = false, etag, signal }: RemoveOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { client, vault, folders, places } = tools;
  await vault.prepareWriting({ signal });
  const found = await places.find(path, { signal, since: performance.now() });
  if (found.kind === 'root') throw rootError('removed');
  const { folder } = found;
  const item = found.kind === 'entry' ? found.item.stored : found.damaged.stored;
  const isVersioned = found.kind === 'entry' && item.type === 'file';
  if (isVersioned && etag !== undefined && etag !== etagOf(found.item)) {
    throw new ClientError('conflict', `${path} is another version by now; it is kept`);
  }
  // Of a folder, the listing says nothing that would still be right when it is removed.
  const version = item.type === 'directory' ? etag : isVersioned ? item.etag : (etag ?? item.etag);
  const stored = joinPath(folder.path, item.stored);
  await client.remove(stored, { recursive, etag: version, signal });
  folder.remove(item.stored);
  folders.forget(stored);
}

function rootError(what: string): ClientError {
  return new ClientError(
    'not-allowed',
    `The root of a vault cannot be ${what}; name something that is in it`,
  );
}

function intoItselfError(from: string, to: string): ClientError {
  return new ClientError('not-allowed', `Cannot rename ${from} to ${to}, which is in itself`);
}
