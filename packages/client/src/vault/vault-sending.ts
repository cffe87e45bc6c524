import { joinPath, limits, type RemotePath, type StoredFile } from '@e2eeftp/protocol';
import { newEntryId, VaultError, vaultLimits } from '@e2eeftp/vault';

import { ClientError, rethrowAsLocal } from '../errors.js';
import type { SendOptions } from '../options.js';
import type { OpenSource } from '../transfer/open-source.js';
import { openSource, type UploadSource } from '../transfer/source.js';
import { placeOf, readHead } from './file-place.js';
import type { KeyedTurns } from './keyed-turns.js';
import { changeVault, RefusedChange } from './open-vault.js';
import { readSource } from './sealed-source.js';
import type { VaultFolder } from './vault-folder.js';
import type { LookOptions, VaultFolders } from './vault-folders.js';
import { etagOf, type StoredItem, type VaultItem } from './vault-item.js';
import type { VaultPlaces } from './vault-places.js';
import { putFile, type PutFile, type UploadTools } from './vault-upload.js';

/** What sending works with. */
export interface SendingTools extends UploadTools {
  readonly folders: VaultFolders;
  readonly places: VaultPlaces;
  /** Keeps two from sending to one path at once: each would leave a file of that name. */
  readonly turns: KeyedTurns;
}

type SignalledOptions = SendOptions & { readonly signal: AbortSignal };

/** Where a file is to be put, by which keyring, and how old listings may be. */
interface Destination extends Pick<LookOptions, 'since'> {
  readonly path: RemotePath;
  readonly keyring: number;
}

/** Ids that are tried, which takes a millisecond at most. */
const idAttempts = 1000;

/**
 * Sends a file to a path of a vault. The older file there is removed once the new one is durable, and it
 * is not shown beside the new one in any case.
 *
 * @param tools - what to work with
 * @param source - what to send
 * @param path - where to
 * @param options - how, with the operation's signal
 * @returns the file as it is there now
 * @throws ClientError
 */
export async function sendFile(
  tools: SendingTools,
  source: UploadSource,
  path: RemotePath,
  options: SignalledOptions,
): Promise<StoredFile> {
  const { vault, turns } = tools;
  const { signal } = options;
  const opened = await openSource(source).catch(rethrowAsLocal);
  try {
    const repeatable = await heldIfSmall(opened, options);
    return await turns.run([path], signal, () =>
      changeVault(vault, signal, async (keyring) => {
        const to = { path, keyring };
        const sending = sendOnce(tools, repeatable, to, options);
        if (!repeatable.isRepeatable) return sending.catch(rethrowRefusal);
        return sending.catch((error: unknown) => {
          if (!isMissing(error)) throw error;
          // The folder has been renamed or removed since it was listed.
          const since = performance.now();
          return sendOnce(tools, repeatable, { ...to, since }, { ...options, since });
        });
      }),
    );
  } finally {
    await opened.close();
  }
}

async function sendOnce(
  tools: SendingTools,
  source: OpenSource,
  { path, keyring, since }: Destination,
  options: SignalledOptions,
): Promise<StoredFile> {
  const { overwrite = 'always', signal, since: missingSince } = options;
  const now = performance.now();
  const place = await tools.places.forNew(path, keyring, { signal, since, missingSince });
  const { name } = place;
  const isConditional = overwrite !== 'always';
  const folder = isConditional
    ? await tools.folders.again(place.folder, { signal, since: now })
    : place.folder;
  const older = folder.entries.get(name);
  requireReplaceable(path, folder.damaged.has(name), older, overwrite);
  const replaces = older ? await replacedBy(tools, folder, older, signal) : [];
  const others = older?.isConflict === true ? othersNamed(folder, older) : [];
  const newId = (): Uint8Array => newIdBefore(others);
  const put = await putFile(tools, source, { path, ...place, newId, replaces, keyring }, options);
  folder.put(itemOf(put), { id: put.id, name });
  if (older) await removeReplaced(tools, folder, older.stored, signal);
  const { size, metadata } = put;
  return { size, mtime: metadata.mtime, etag: etagOf(put), mode: metadata.mode };
}

/**
 * @param path - where something is to be put
 * @param isDamaged - whether something damaged has that name
 * @param older - the entry that is there
 * @param overwrite - what to do about it
 * @throws ClientError `conflict` when it may not be replaced
 */
export function requireReplaceable(
  path: string,
  isDamaged: boolean,
  older: VaultItem | undefined,
  overwrite: NonNullable<SendOptions['overwrite']>,
): void {
  const wanted = typeof overwrite === 'string' ? undefined : overwrite.etag;
  if (!older && wanted !== undefined) throw inTheWay(path, 'it is not there any more');
  if (isDamaged) throw inTheWay(path, 'something damaged has that name; remove it first');
  if (!older) return;
  if (older.stored.type === 'directory') throw inTheWay(path, 'a folder has that name');
  if (overwrite === 'never') throw inTheWay(path, 'it exists already, and is kept');
  if (wanted !== undefined && etagOf(older) !== wanted) {
    throw inTheWay(path, 'it is another version by now; look at it again');
  }
}

function inTheWay(path: string, reason: string): ClientError {
  return new ClientError('conflict', `Cannot write ${path}: ${reason}`);
}

/** The new file also names what the older one has replaced, in case that is brought back. */
async function replacedBy(
  { client, vault }: SendingTools,
  folder: VaultFolder,
  older: VaultItem,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const { metadata } = older.stored;
  const known = metadata ?? (await readMetadata());
  return [older.id, ...(known?.replaces ?? [])].slice(0, vaultLimits.replaced);

  async function readMetadata(): Promise<StoredItem['metadata']> {
    try {
      return (await readHead(client, vault, placeOf(folder, older), signal)).metadata;
    } catch (error) {
      // What is damaged, or gone by now, is replaced nevertheless.
      const isGone = error instanceof ClientError && error.code === 'not-found';
      if (isGone || error instanceof VaultError) return undefined;
      throw error;
    }
  }
}

/** The ids of other entries that were given the same name, and stay. */
function othersNamed(folder: VaultFolder, older: VaultItem): Uint8Array[] {
  return [...folder.entries.values()]
    .filter((item) => item !== older && item.sealedName === older.name)
    .map(({ id }) => id);
}

/** An id smaller than those of others, so that the new entry, and none of them, has the plain name. */
function newIdBefore(others: readonly Uint8Array[]): Uint8Array {
  for (let attempt = 1; ; attempt++) {
    const id = newEntryId();
    const isFirst = others.every((other) => Buffer.compare(id, other) < 0);
    if (isFirst || attempt === idAttempts) return id;
  }
}

/**
 * @param put - a file that was put into a folder
 * @returns the same as a listing would say it
 */
export function itemOf({
  stored,
  file,
  metadata,
}: Pick<PutFile, 'stored' | 'file' | 'metadata'>): StoredItem {
  const { size, mtime, etag } = file;
  return { stored, type: 'file', storedSize: size, mtime, etag, metadata };
}

/** The new file is there whether or not this succeeds, and what it replaces is not shown any more. */
async function removeReplaced(
  { client }: SendingTools,
  folder: VaultFolder,
  older: StoredItem,
  signal: AbortSignal,
): Promise<void> {
  const path = joinPath(folder.path, older.stored);
  try {
    await client.remove(path, { etag: older.etag, signal });
    folder.remove(older.stored);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
  }
}

/** A stream can be read once, but what is small can be sent again. */
async function heldIfSmall(source: OpenSource, { size }: SendOptions): Promise<OpenSource> {
  const expected = size ?? source.size;
  if (source.isRepeatable || expected === undefined || expected > limits.batchFileSize) {
    return source;
  }
  const chunks: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of readSource(source, 0)) {
    chunks.push(Uint8Array.from(chunk));
    held += chunk.length;
    // Nothing more is needed to see that there is another size than was said.
    if (held > expected) break;
  }
  return openSource(Buffer.concat(chunks));
}

function isMissing(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'not-found';
}

function rethrowRefusal(error: unknown): never {
  throw error instanceof RefusedChange ? error.refusal : error;
}
