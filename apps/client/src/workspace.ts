import { parseRemoteName, type Client } from '@e2eeftp/client';

import type { Invocation, Workspace } from './command.js';

/**
 * Borrows a client of the server that the options, the profile or the configuration name.
 *
 * @param invocation - what the user gave
 * @param task - what to do
 * @returns what the task returns
 * @throws ClientError
 */
export function withClient<Result>(
  invocation: Invocation,
  task: (client: Client) => Promise<Result>,
): Promise<Result> {
  return invocation.workspace.withClient(invocation, task);
}

/** A run of the program for one command: it connects, does it, and hangs up. */
export const soleWorkspace: Workspace = {
  async withClient(invocation, task) {
    // Comes late: what speaks to a server is most of the program.
    const { findConnection, usingClient } = await import('./session.js');
    return usingClient(invocation, await findConnection(invocation), task);
  },
  remoteName: parseRemoteName,
  standardInput: () => process.stdin,
};
