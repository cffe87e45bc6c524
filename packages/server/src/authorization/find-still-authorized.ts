import type { Logger } from '../logger.js';
import type { AuthorizedClient, Authorizer } from './authorizer.js';

/** What must not change under a client that is connected. */
const decisive = ['access', 'home'] as const;

/** What is looked at for a client that is connected. */
export interface StillAuthorizedOptions {
  /** The client, as it was when it came. */
  readonly admitted: AuthorizedClient;
  /** By which generation of the protocol it came. */
  readonly generation: 1 | 2;
  /** Who decides. */
  readonly authorizer: Authorizer;
  /** Hears why not. */
  readonly logger: Logger;
}

/**
 * Looks whether a client that is connected may still do what it could when it came. It never fails.
 *
 * @param options - who is looked at
 * @returns the client as it is now; nothing when it may not, or when that cannot be said
 */
export async function findStillAuthorized({
  admitted,
  generation,
  authorizer,
  logger,
}: StillAuthorizedOptions): Promise<AuthorizedClient | undefined> {
  try {
    const client = await authorizer.authorize(admitted.identity);
    const mayCome = generation === 2 || client?.v1 === true;
    if (client && mayCome && decisive.every((option) => client[option] === admitted[option])) {
      return client;
    }
    logger.warn({}, 'ended a connection: its client has lost its authorization');
  } catch (error) {
    logger.error({ err: error }, 'ended a connection: its client cannot be looked up');
  }
  return undefined;
}
