import { parseRemoteName, type Client, type RemoteName, type RemoteTree } from '@e2eeftp/client';

import type { Invocation, Workspace } from './command.js';
import type { ServerAccess } from './server-access.js';

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
  return withServer(invocation, ({ client }) => task(client));
}

/**
 * Borrows that server with all that it keeps, vaults too.
 *
 * @param invocation - what the user gave
 * @param task - what to do
 * @returns what the task returns
 * @throws ClientError
 */
export function withServer<Result>(
  invocation: Invocation,
  task: (server: ServerAccess) => Promise<Result>,
): Promise<Result> {
  return invocation.workspace.withServer(invocation, task);
}

/**
 * Borrows the tree that a remote name is in.
 *
 * @param invocation - what the user gave
 * @param name - what the user named
 * @param task - what to do
 * @returns what the task returns
 * @throws ClientError
 */
export function withTree<Result>(
  invocation: Invocation,
  name: RemoteName,
  task: (tree: RemoteTree) => Promise<Result>,
): Promise<Result> {
  return withServer(invocation, async (server) => task(await server.tree(name, invocation.signal)));
}

/** A run of the program for one command: it connects, does it, and hangs up. */
export const soleWorkspace: Workspace = {
  async withServer(invocation, task) {
    // Comes late: what speaks to a server is most of the program.
    const { findConnection, usingServer } = await import('./session.js');
    return usingServer(invocation, await findConnection(invocation), task);
  },
  remoteName: parseRemoteName,
  standardInput: () => process.stdin,
};
