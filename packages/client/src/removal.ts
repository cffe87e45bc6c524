import type { CommandArguments } from '@e2eeftp/protocol';

import { ClientError, type ClientErrorCode } from './errors.js';
import type { Requests } from './requests.js';

/** Failures after which nobody can tell whether the server did what it was asked. */
const leavesOpen: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'disconnected',
  'timed-out',
  'shutting-down',
]);

/**
 * Makes something of a removal that can be attempted again: what an earlier attempt may have removed
 * need not be there any more, and what somebody has put there since is not removed in its stead.
 *
 * What there was cannot be found out when an answer is lost, only before: a look that comes first
 * costs a round trip, which a caller who names a version saves. The first attempt is for whatever has
 * the name by then, as it was asked for.
 *
 * @param requests - asks the server
 * @param target - what to remove
 * @param etag - the version that is meant; otherwise any
 * @returns what makes an attempt at this one removal
 */
export function repeatableRemoval(
  requests: Pick<Requests, 'call'>,
  target: Omit<CommandArguments<'DELETE'>, 'etag'>,
  etag: string | undefined,
): (signal: AbortSignal) => Promise<void> {
  const { path } = target;
  const what = `Cannot remove ${path}`;
  let known = etag;
  let mayBeDone = false;
  return async (signal) => {
    known ??= (await requests.call('STAT', { path }, what, signal)).etag;
    const version = mayBeDone ? known : etag;
    const args = { ...target, ...(version !== undefined && { etag: version }) };
    try {
      await requests.call('DELETE', args, what, signal);
    } catch (error) {
      if (error instanceof ClientError) {
        if (mayBeDone && error.code === 'not-found') return;
        mayBeDone ||= leavesOpen.has(error.code);
      }
      throw error;
    }
  };
}
