import type { ClientError } from '../errors.js';
import type { FileDetails } from '../tree/local-walk.js';
import type { SkipReason } from '../tree/tree-transfer.js';
import type { TreePair } from './tree-pairs.js';

/** Which way files go. */
export type SyncDirection = 'up' | 'down';

/** A file or folder on one side. */
export interface TreeNode {
  readonly type: 'file' | 'directory';
  /** What files are compared by; zeros for folders. */
  readonly details: FileDetails;
  /** The version, of a file on the server. */
  readonly etag?: string | undefined;
}

/** What distinguishes the target from the source at one path. */
export type TreeChange = { readonly path: string } & (
  | {
      /** Both have it; files are to be compared. */
      readonly type: 'both';
      readonly source: TreeNode;
      readonly target: TreeNode;
    }
  | {
      /** Only the source has it, or the target has something in its place that is to be replaced. */
      readonly type: 'missing';
      readonly source: TreeNode;
    }
  | {
      /** The target has a file where the source has a folder, or the other way round. */
      readonly type: 'blocked';
      readonly source: TreeNode;
      readonly target: TreeNode;
    }
  | {
      /** Only the target has it. */
      readonly type: 'extra';
      readonly target: TreeNode;
    }
  | { readonly type: 'skipped'; readonly reason: SkipReason }
  | { readonly type: 'failed'; readonly error: ClientError }
);

/** A side of a pair: something that can be compared, or the reason why it cannot. */
type Side = TreeNode | 'unknown' | undefined;

const folder: TreeNode = { type: 'directory', details: { size: 0, mtime: 0 } };

/**
 * Says what distinguishes two trees. What the source leaves out, or what cannot be read of it, is
 * never taken for missing there: nothing of it, and nothing below it, is `extra` in the target.
 *
 * @param pairs - the trees, side by side
 * @param direction - which of them is the source
 * @yields a change for each path that needs a look
 */
export async function* treeChanges(
  pairs: AsyncIterable<TreePair>,
  direction: SyncDirection,
): AsyncGenerator<TreeChange, void, void> {
  let shield: string | undefined;
  for await (const { path, local, remote } of pairs) {
    const isOdd = local?.type === 'skipped' || local?.type === 'failed';
    if (isOdd && direction === 'up') {
      const isName = local.type === 'failed' && local.error.code === 'bad-name';
      if (!isName) shield = path;
      if (local.type === 'skipped') yield { type: 'skipped', path, reason: local.reason };
      else yield { type: 'failed', path, error: local.error };
      continue;
    }
    const ofLocal = sideOf(local?.type, local?.type === 'file' ? local.details : undefined);
    const ofRemote = sideOf(remote?.type, remote, remote?.etag);
    const [source, target] = direction === 'up' ? [ofLocal, ofRemote] : [ofRemote, ofLocal];
    const change = changeBetween(source, target);
    const isShielded = shield !== undefined && isIn(path, shield);
    if (change && !(change.type === 'extra' && isShielded)) yield { path, ...change };
  }
}

function isIn(path: string, folderPath: string): boolean {
  return folderPath === '' || path === folderPath || path.startsWith(`${folderPath}/`);
}

function sideOf(type?: string, details?: FileDetails, etag?: string): Side {
  if (type === undefined) return undefined;
  if (type === 'directory') return folder;
  if (type !== 'file' || !details) return 'unknown';
  const { size, mtime, mode } = details;
  return { type, details: { size, mtime, mode }, etag };
}

type Change =
  | Omit<Extract<TreeChange, { type: 'both' }>, 'path'>
  | Omit<Extract<TreeChange, { type: 'missing' }>, 'path'>
  | Omit<Extract<TreeChange, { type: 'blocked' }>, 'path'>
  | Omit<Extract<TreeChange, { type: 'extra' }>, 'path'>;

function changeBetween(source: Side, target: Side): Change | undefined {
  if (source === 'unknown') return undefined;
  // What is neither file nor folder in the target is left alone, unless something takes its place.
  if (target === 'unknown') return source && { type: 'missing', source };
  if (source && target) {
    return { type: source.type === target.type ? 'both' : 'blocked', source, target };
  }
  if (source) return { type: 'missing', source };
  return target && { type: 'extra', target };
}
