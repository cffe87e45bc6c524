import type { Logger } from '../logger.js';
import type { AuthorizedClient, Authorizer } from './authorizer.js';

/** What must not change under a client that is connected. A new quota holds from its next time on. */
const decisive = ['access', 'v1', 'home'] as const;

/**
 * Looks whether a client that is connected may still do what it could when it came. It never fails.
 *
 * @param admitted - the client, as it was when it came
 * @param authorizer - who decides
 * @param logger - hears why not
 * @returns whether it may; not when that cannot be said
 */
export async function isStillAuthorized(
  admitted: AuthorizedClient,
  authorizer: Authorizer,
  logger: Logger,
): Promise<boolean> {
  try {
    const client = await authorizer.authorize(admitted.identity);
    if (client && decisive.every((option) => client[option] === admitted[option])) return true;
    logger.warn({}, 'ended a connection: its client has lost its authorization');
  } catch (error) {
    logger.error({ err: error }, 'ended a connection: its client cannot be looked up');
  }
  return false;
}
