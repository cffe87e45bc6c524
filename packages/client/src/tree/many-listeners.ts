import { setMaxListeners } from 'node:events';

/**
 * Makes a signal for many operations at once. Node takes more than ten listeners for a leak and
 * warns; here their number is that of the operations under way.
 *
 * @param signal - the caller's signal
 * @returns a signal of one's own that follows it
 */
export function forManyListeners(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (!signal) return undefined;
  const own = AbortSignal.any([signal]);
  setMaxListeners(0, own);
  return own;
}
