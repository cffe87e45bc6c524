import { ClientError, type Client, type RemoteName } from '@e2eeftp/client';

/**
 * Says whether a name means a folder into which something goes, as for `cp` and `scp`: it ends in
 * `/`, or there is a folder of that name.
 *
 * @param client - asks the server
 * @param name - what the user gave
 * @param signal - ends the wait
 * @returns whether it is a folder
 */
export async function isRemoteFolder(
  client: Client,
  { path, isFolder }: RemoteName,
  signal: AbortSignal,
): Promise<boolean> {
  if (isFolder) return true;
  try {
    return (await client.stat(path, { signal })).type === 'directory';
  } catch (error) {
    if (error instanceof ClientError && error.code === 'not-found') return false;
    throw error;
  }
}
