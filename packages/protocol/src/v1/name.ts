import { ProtocolError } from '../errors.js';
import { parsePath, type RemotePath } from '../path.js';

/** Where the files are that v1 clients see. */
export const v1Folder = parsePath('received');

/**
 * Finds the file that a v1 client means. Its names are flat: anything that leads into or out of a
 * folder is refused, as are all names that break the path rules.
 *
 * @param name - what the client sent
 * @returns the file's path in the tree
 * @throws ProtocolError `bad-path`
 */
export function v1Path(name: string): RemotePath {
  if (name.includes('/')) throw new ProtocolError('bad-path', 'The remote name leads elsewhere');
  return parsePath(`${v1Folder}/${name}`);
}
