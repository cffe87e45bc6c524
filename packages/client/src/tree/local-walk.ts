import { isUtf8 } from 'node:buffer';
import type { BigIntStats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { joinPath, type RemotePath } from '@e2eeftp/protocol';

import { asClientError, ClientError, throwIfAborted } from '../errors.js';
import { modifiedAt, permissionsOf } from '../transfer/source-version.js';
import { runLength } from './file-transfers.js';
import { LocalFolderNames, type NamedEntry, type NameKind } from './local-folder-names.js';
import type { TreeFilter } from './tree-filter.js';
import type { LinkPolicy, SkipReason } from './tree-transfer.js';

/** Where something is. */
interface FoundPlace {
  /** Below the root of the walk, its parts joined by `/`. */
  readonly path: string;
  readonly local: string;
}

/** What a file is compared by. */
export interface FileDetails {
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
  /** Permission bits, where the system has them. */
  readonly mode?: number | undefined;
}

/** A file that was found. */
export interface FoundFile extends FoundPlace {
  readonly type: 'file';
  readonly remote: RemotePath;
  /** When details are wanted. */
  readonly details?: FileDetails | undefined;
}

/** A folder that was found. */
export interface FoundFolder extends FoundPlace {
  readonly type: 'directory';
  readonly remote: RemotePath;
}

/** What was found in a local folder, and where it belongs on the server. */
export type LocalItem =
  | FoundFile
  | FoundFolder
  | (FoundPlace & {
      readonly type: 'skipped';
      readonly remote: string;
      readonly reason: SkipReason;
    })
  | (FoundPlace & {
      readonly type: 'failed';
      readonly remote: string;
      readonly error: ClientError;
    });

/** How to walk. */
export interface WalkOptions {
  /** What is meant. */
  readonly filter: TreeFilter;
  /** What to do about symbolic links below the root. */
  readonly links: LinkPolicy;
  /** Whether sizes and times are wanted, which have to be asked for file by file. */
  readonly details: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Names that are looked at together. */
const batchSize = 64;

/** Links to folders on one way: more of them lead in circles, or multiply what there is. */
const maximumLinks = 8;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A folder that the walk is in. */
interface Level {
  readonly local: string;
  readonly remote: RemotePath;
  readonly path: string;
  /** Which folder it is, where links are followed. */
  readonly identity: string | undefined;
  /** Links to folders on the way to it. */
  readonly links: number;
  readonly names: LocalFolderNames;
  batch: readonly Seen[];
  /** What is next of it. */
  position: number;
}

/** What a look at a name has shown, and whether it is a folder to go into. */
interface Seen {
  readonly item: LocalItem | undefined;
  readonly folder?: { readonly local: string; readonly remote: RemotePath; readonly path: string };
  readonly isLink?: boolean;
}

/**
 * Walks through a local folder: each folder before what is in it, and names by their bytes, which
 * is the order of `comparePaths`. It holds what is next of the folders that it is in, and no more.
 *
 * @param local - the folder; a symbolic link is followed here
 * @param remote - where it belongs on the server
 * @param options - what is meant, and how to look at it
 * @yields what there is, several at once
 */
export async function* walkLocal(
  local: string,
  remote: RemotePath,
  options: WalkOptions,
): AsyncGenerator<LocalItem[], void, void> {
  const levels: Level[] = [];
  let found: LocalItem[] = [];
  try {
    const root = await enter({ local, remote, path: '' }, undefined, false, options);
    if ('names' in root) levels.push(root);
    else found.push(root);
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      throwIfAborted(options.signal);
      const seen = level.batch[level.position++] ?? (await nextOf(level, options));
      if (!seen) {
        await level.names.close();
        levels.pop();
        continue;
      }
      const { item, folder, isLink = false } = seen;
      const inner = folder && (await enter(folder, levels, isLink, options));
      const isOpen = inner && 'names' in inner;
      if (isOpen) levels.push(inner);
      // A folder that is skipped is not made.
      if (item && (!inner || isOpen || inner.type === 'failed')) found.push(item);
      if (inner && !isOpen && (item ?? inner.type === 'failed')) found.push(inner);
      if (found.length < runLength) continue;
      yield found;
      found = [];
    }
    if (found.length > 0) yield found;
  } finally {
    for (const { names } of levels) await names.close();
  }
}

async function nextOf(level: Level, options: WalkOptions): Promise<Seen | undefined> {
  const names = await level.names.take(batchSize);
  const seen = names.map((name) => look(level, name, options));
  // Of most names the folder says all that is wanted, which takes no turn of the event loop.
  level.batch = seen.every(isSeen) ? seen : await Promise.all(seen.map(async (one) => one));
  level.position = 1;
  return level.batch[0];
}

async function enter(
  folder: { readonly local: string; readonly remote: RemotePath; readonly path: string },
  above: readonly Level[] | undefined,
  isLink: boolean,
  { links: policy }: WalkOptions,
): Promise<Level | LocalItem> {
  try {
    const identity =
      policy === 'follow' ? identityOf(await stat(folder.local, { bigint: true })) : undefined;
    const links = (above?.at(-1)?.links ?? 0) + (isLink ? 1 : 0);
    const isLoop = policy === 'follow' && above?.some((level) => level.identity === identity);
    if (isLoop || links > maximumLinks) return { type: 'skipped', ...folder, reason: 'link-loop' };
    const names = await LocalFolderNames.read(folder.local);
    return { ...folder, identity, links, names, batch: [], position: 0 };
  } catch (error) {
    return { type: 'failed', ...folder, error: asClientError(error) };
  }
}

function isSeen(one: Seen | Promise<Seen>): one is Seen {
  return !(one instanceof Promise);
}

/** A name in a folder, and what is known of it so far. */
interface Name {
  readonly level: Level;
  /** Its bytes, which need not be valid UTF-8. */
  readonly bytes: Buffer;
  readonly place: FoundPlace & { readonly remote: string };
}

function look(
  level: Level,
  { bytes, kind }: NamedEntry,
  options: WalkOptions,
): Seen | Promise<Seen> {
  const shown = bytes.toString();
  const local = join(level.local, shown);
  const path = level.path === '' ? shown : `${level.path}/${shown}`;
  const name = { level, bytes, place: { path, local, remote: `${level.remote}/${shown}` } };
  const isPlain = kind === 'directory' || (kind === 'file' && !options.details);
  return isPlain ? judge(name, kind, false, undefined, options) : lookCloser(name, kind, options);
}

async function lookCloser(name: Name, shownKind: NameKind, options: WalkOptions): Promise<Seen> {
  const { filter, links, details } = options;
  const { path, local } = name.place;
  const isLink = shownKind === 'link';
  let kind = shownKind;
  let stats: BigIntStats | undefined;
  try {
    if (kind === 'unknown') kind = kindOf((stats = await lstat(local, { bigint: true })));
    if (kind === 'link' && links === 'follow' && !filter.excludes(path)) {
      kind = kindOf((stats = await stat(local, { bigint: true })));
    }
    // A name of other bytes cannot be asked for.
    if (details && kind === 'file' && filter.takes(path, false) && isUtf8(name.bytes)) {
      stats ??= await lstat(local, { bigint: true });
    }
  } catch (error) {
    return { item: { type: 'failed', ...name.place, error: lookFailure(local, error) } };
  }
  return judge(name, kind, isLink, stats, options);
}

function judge(
  { level, bytes, place }: Name,
  kind: NameKind,
  isLink: boolean,
  stats: BigIntStats | undefined,
  { filter, details }: WalkOptions,
): Seen {
  const { path, local } = place;
  try {
    const isFolder = kind === 'directory';
    if (isFolder ? filter.excludes(path) : !filter.takes(path, false)) return { item: undefined };
    if (!isFolder && kind !== 'file') {
      const reason = kind === 'link' ? 'symbolic-link' : 'special-file';
      return { item: { type: 'skipped', ...place, reason } };
    }
    const found = { path, local, remote: joinPath(level.remote, strictUtf8.decode(bytes)) };
    if (isFolder) {
      const item: FoundFolder = { type: 'directory', ...found };
      return { item: filter.takes(path, true) ? item : undefined, folder: found, isLink };
    }
    return {
      item: { type: 'file', ...found, details: details && stats ? detailsOf(stats) : undefined },
    };
  } catch (error) {
    return { item: { type: 'failed', ...place, error: lookFailure(local, error) } };
  }
}

/**
 * @param stats - what the system says of a file
 * @returns its size, time and permissions
 */
export function detailsOf(stats: BigIntStats): FileDetails {
  return { size: Number(stats.size), mtime: modifiedAt(stats), mode: permissionsOf(stats) };
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

function kindOf(stats: BigIntStats): NameKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'special';
}

function lookFailure(local: string, cause: unknown): ClientError {
  const error = asClientError(cause);
  const isEncoding = cause instanceof TypeError;
  if (!isEncoding && error.code !== 'bad-name') return error;
  const reason = isEncoding ? 'The name is not valid UTF-8' : error.message;
  return new ClientError('bad-name', `${local} cannot be sent: ${reason}; give it another name`, {
    cause,
  });
}
