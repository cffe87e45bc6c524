import { ClientError, type RemoteName, type RemoteTree } from '@e2eeftp/client';

/**
 * Says whether a name means a folder into which something goes, as for `cp` and `scp`: it ends in
 * `/`, or there is a folder of that name.
 *
 * @param tree - the tree that the name is in
 * @param name - what the user gave
 * @param signal - ends the wait
 * @returns whether it is a folder
 */
export async function isRemoteFolder(
  tree: RemoteTree,
  { path, isFolder }: RemoteName,
  signal: AbortSignal,
): Promise<boolean> {
  if (isFolder) return true;
  try {
    return (await tree.stat(path, { signal })).type === 'directory';
  } catch (error) {
    if (error instanceof ClientError && error.code === 'not-found') return false;
    throw error;
  }
}
