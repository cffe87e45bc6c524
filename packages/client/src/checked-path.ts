import { parsePath, type RemotePath } from '@e2eeftp/protocol';

import { asClientError } from './errors.js';

/**
 * @param path - a path that a caller gave
 * @returns the same
 * @throws ClientError `bad-name` when it breaks the path rules
 */
export function checkedPath(path: string): RemotePath {
  try {
    return parsePath(path);
  } catch (error) {
    throw asClientError(error);
  }
}
