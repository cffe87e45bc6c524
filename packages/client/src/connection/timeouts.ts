import { defaultTimeouts, type Timeouts } from '../options.js';

/** What timers can count, in milliseconds: almost 25 days. */
export const longestTimeout = 2 ** 31 - 1;

/**
 * @param timeouts - what the caller wants, which may be for ever
 * @returns all of it, as far as timers can count
 */
export function timeoutsOf(timeouts: Partial<Timeouts> | undefined): Timeouts {
  const { connect, handshake, progress } = defaultTimeouts;
  return {
    connect: Math.min(timeouts?.connect ?? connect, longestTimeout),
    handshake: Math.min(timeouts?.handshake ?? handshake, longestTimeout),
    progress: Math.min(timeouts?.progress ?? progress, longestTimeout),
  };
}
