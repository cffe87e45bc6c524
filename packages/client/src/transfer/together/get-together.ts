import type { SmallFiles } from '@e2eeftp/file-io';

import { asClientError, ClientError, throwIfAborted } from '../../errors.js';
import type { GetTogetherOptions } from '../../options.js';
import type { TogetherOutcome } from './batch.js';
import type { ContentOutcome } from './get-contents.js';
import { writeSmallTargets } from './small-targets.js';

/** A file that is to be received together with others. */
export interface FileToGet {
  /** Which. */
  readonly path: string;
  /** A local path. */
  readonly target: string;
  /** Bytes that it has, as a listing said maybe; it may have other ones meanwhile. */
  readonly size?: number | undefined;
}

/**
 * Gives files that were received their local names.
 *
 * @param smallFiles - writes them
 * @param files - which were wanted
 * @param contents - what has come of each
 * @param options - how
 * @returns what became of each; nothing for those that are to be received by themselves
 */
export async function keepTogether(
  smallFiles: SmallFiles,
  files: readonly FileToGet[],
  contents: readonly ContentOutcome[],
  options: GetTogetherOptions,
): Promise<TogetherOutcome[]> {
  const outcomes = contents.map(outcomeOf);
  const arrived = contents.flatMap((one, index) => {
    const target = files[index]?.target;
    const hasCome = one && !(one instanceof ClientError);
    return hasCome && target !== undefined ? [{ index, target, ...one }] : [];
  });
  if (arrived.length === 0) return outcomes;
  try {
    throwIfAborted(options.signal);
    const targets = arrived.map(({ target, content, file }) => {
      const { mtime, mode } = file;
      return { target, content, mtime, mode };
    });
    const failures = await writeSmallTargets(smallFiles, targets, options);
    for (const [position, { index }] of arrived.entries()) {
      outcomes[index] = failures[position] ?? outcomes[index];
    }
  } catch (error) {
    for (const { index } of arrived) outcomes[index] = asClientError(error);
  }
  return outcomes;
}

function outcomeOf(content: ContentOutcome): TogetherOutcome {
  return content instanceof ClientError ? content : content?.file;
}
