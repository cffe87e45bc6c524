import { UsageError } from '../failure.js';

/**
 * Refuses an option that the first generation of the protocol cannot serve: ignored, it would
 * promise something that does not happen.
 *
 * @param option - its name
 * @param isGiven - whether the user gave it
 * @param reason - what stands against it
 * @throws UsageError when it was given
 */
export function refuseOption(option: string, isGiven: boolean, reason: string): void {
  if (isGiven) throw new UsageError(`--${option} and --v1: ${reason}`);
}

/** Why whatever is about folders makes no sense. */
export const noFolders = 'the first generation of the protocol has no folders';
