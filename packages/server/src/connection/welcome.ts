import { limits as protocolLimits, type Welcome } from '@e2eeftp/protocol';

import type { AuthorizedClient } from '../authorization/authorizer.js';
import type { CommandTable } from '../command/command-table.js';
import type { ServerLimits } from '../limits.js';

/** What the server calls itself. Versions are nobody's business before they are needed. */
const software = 'e2eeftp';

/**
 * @param client - who comes in
 * @param commands - what it can ask for
 * @param limits - what the server allows
 * @returns the server's first message to it
 */
export function welcomeFor(
  client: AuthorizedClient,
  commands: CommandTable,
  limits: ServerLimits,
): Welcome {
  return {
    protocol: 2,
    software,
    commands: commands.all.map(({ name }) => name),
    limits: {
      record: protocolLimits.record,
      message: protocolLimits.request,
      fileSize: limits.fileSize,
      pathLength: protocolLimits.path,
    },
    access: client.access,
  };
}
