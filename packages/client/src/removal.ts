import { ClientError, type ClientErrorCode } from './errors.js';

/** Failures after which nobody can tell whether the server did what it was asked. */
const leavesOpen: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'disconnected',
  'timed-out',
  'shutting-down',
]);

/**
 * Makes something of a removal that can be attempted again: what an earlier attempt may have removed
 * need not be there any more.
 *
 * @param remove - asks for the removal once
 * @returns the same, for several attempts at one removal
 */
export function repeatableRemoval(
  remove: (signal: AbortSignal) => Promise<unknown>,
): (signal: AbortSignal) => Promise<void> {
  let mayBeDone = false;
  return async (signal) => {
    try {
      await remove(signal);
    } catch (error) {
      if (error instanceof ClientError) {
        if (mayBeDone && error.code === 'not-found') return;
        mayBeDone ||= leavesOpen.has(error.code);
      }
      throw error;
    }
  };
}
