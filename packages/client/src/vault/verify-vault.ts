import { asClientError, ClientError, throwIfAborted } from '../errors.js';
import type { OperationOptions } from '../options.js';
import { endsEverything } from '../tree/tally.js';
import { inParallel } from '../tree/task-pool.js';
import type { VaultEntry } from './vault-listing.js';
import type { VaultTree } from './vault-tree.js';

/** What is known of one file of a vault, once it was looked at. */
export type VerifyOutcome =
  | { readonly type: 'file'; readonly path: string; readonly size: number }
  | { readonly type: 'damaged'; readonly path: string; readonly error: ClientError }
  | { readonly type: 'missing'; readonly path: string };

/** How a vault is verified. */
export interface VerifyOptions extends Pick<OperationOptions, 'signal'> {
  /** Whether to read every file to its end, and check its signature; by default only its head is read. */
  readonly isDeep?: boolean | undefined;
  /** Hears what became of each file. The work waits for the promise. It must not throw. */
  readonly onOutcome?: ((outcome: VerifyOutcome) => void | Promise<void>) | undefined;
}

/** What a vault was found to be. */
export interface VerifyResult {
  /** Files that are what their senders left at their places. */
  readonly files: number;
  readonly bytes: number;
  /** Entries that do not open, or are no entries of their folders: altered, swapped, moved, cut. */
  readonly damaged: number;
  /** Files that were there when the vault was verified last: removed by a member, or withheld. */
  readonly missing: number;
  /** Whether there was anything to compare with. */
  readonly isCompared: boolean;
}

/** Files that are looked at at once. */
const filesAtOnce = 16;

/**
 * Reads the names and the heads of all files of a vault, or all there is.
 *
 * @param tree - the vault
 * @param before - the paths of files that were there before, by their etags
 * @param options - how much to read, and whom to tell
 * @returns what was found, and the files that are there now, by their etags
 * @throws ClientError when nothing more can be read
 */
export async function verifyVault(
  tree: Pick<VaultTree, 'list' | 'stat' | 'read'>,
  before: ReadonlyMap<string, string> | undefined,
  { isDeep = false, signal, onOutcome }: VerifyOptions,
): Promise<{ readonly result: VerifyResult; readonly seen: ReadonlyMap<string, string> }> {
  const seen = new Map<string, string>();
  let [files, bytes, damaged, missing] = [0, 0, 0, 0];
  const listing = tree.list('', { recursive: true, signal });
  await inParallel(listing, filesAtOnce, async (entry) => {
    throwIfAborted(signal);
    const outcome = await look(tree, entry, isDeep, signal);
    if (!outcome) return;
    if (outcome.type === 'file') {
      files += 1;
      bytes += outcome.size;
    } else {
      damaged += 1;
    }
    if (entry.damaged === undefined) seen.set(entry.etag, entry.path);
    await onOutcome?.(outcome);
  });
  for (const [etag, path] of before ?? []) {
    if (seen.has(etag)) continue;
    missing += 1;
    await onOutcome?.({ type: 'missing', path });
  }
  return { result: { files, bytes, damaged, missing, isCompared: before !== undefined }, seen };
}

async function look(
  tree: Pick<VaultTree, 'stat' | 'read'>,
  { path, type, size, damaged }: VaultEntry,
  isDeep: boolean,
  signal: AbortSignal | undefined,
): Promise<VerifyOutcome | undefined> {
  if (damaged !== undefined) {
    const message = `The name of ${path} does not open here (${damaged}); nobody can tell what it is`;
    return { type: 'damaged', path, error: new ClientError('integrity', message) };
  }
  if (type === 'directory') return undefined;
  try {
    if (isDeep) return { type: 'file', path, size: await readAll(tree, path, signal) };
    await tree.stat(path, { signal });
    return { type: 'file', path, size };
  } catch (failure) {
    const error = asClientError(failure);
    if (endsEverything.has(error.code)) throw error;
    // Somebody has removed or replaced it since it was listed.
    if (error.code === 'not-found') return undefined;
    return { type: 'damaged', path, error };
  }
}

/** The loop throws in the end when the sender did not write all of it. */
async function readAll(
  tree: Pick<VaultTree, 'read'>,
  path: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  let size = 0;
  for await (const chunk of tree.read(path, { signal })) size += chunk.length;
  return size;
}
