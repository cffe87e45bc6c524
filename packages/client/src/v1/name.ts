import { formatV1Command, printable, v1Path } from '@e2eeftp/protocol';

import { asClientError, ClientError } from '../errors.js';

/**
 * Checks a name of a file on a server of the first generation.
 *
 * @param name - what the caller gave
 * @returns the same name
 * @throws ClientError `bad-name` when it breaks the path rules, leads into a folder, or cannot
 *   stand in a command line
 */
export function checkV1Name(name: string): string {
  if (name.includes('/')) {
    throw new ClientError(
      'bad-name',
      `"${printable(name)}" is no name in the first generation of the protocol, which has no folders; leave the "/" out`,
    );
  }
  try {
    v1Path(name);
    // In a SEND the name could end with a blank, and nobody could ever ask for that file again.
    formatV1Command('GET', [name]);
  } catch (error) {
    throw asClientError(error);
  }
  return name;
}
