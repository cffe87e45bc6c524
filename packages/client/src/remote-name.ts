import { joinPath, parsePath, ProtocolError, type RemotePath } from '@e2eeftp/protocol';

import { asClientError, ClientError } from './errors.js';

/** What a person means by a remote name. */
export interface RemoteName {
  /** The path in the server's tree. */
  readonly path: RemotePath;
  /** Whether the name can only mean a folder: it ends in `/`, or names a whole branch. */
  readonly isFolder: boolean;
}

const plainBranch = parsePath('received');

/**
 * Reads a remote name as people type it: `plain:PATH`, or just `PATH`, is below `received`, and
 * `plain:` or nothing is `received` itself. A colon counts as the end of a prefix only in the first
 * component; write `plain:a:b` for a file that is called `a:b`.
 *
 * @param text - what a person typed
 * @returns the path that is meant
 * @throws ClientError `bad-name` for another prefix, and for a path that breaks the path rules
 */
export function parseRemoteName(text: string): RemoteName {
  const [, prefix = 'plain', rest = ''] = /^(?:([^:/]*):)?(.*)$/su.exec(text) ?? [];
  if (prefix !== 'plain') {
    throw new ClientError(
      'bad-name',
      `"${prefix}:" names a vault, and vaults are not there yet; for a file of that name, write "plain:${text}"`,
    );
  }
  const name = rest.endsWith('/') ? rest.slice(0, -1) : rest;
  try {
    return { path: joinPath(plainBranch, name), isFolder: rest === '' || name !== rest };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw asClientError(error);
  }
}
