import { ClientError, type Progress, type TreeOutcome, type TreePlace } from '@e2eeftp/client';

import type { Output } from '../output.js';
import type { ExitCode } from '../exit-code.js';
import { endsEverything, failureOf, isBrokenPipe } from '../failure.js';
import { TransferReport } from '../transfer-report.js';

/** Transfers one file. */
type Transfer = (
  place: TreePlace,
  onProgress: (progress: Progress) => void,
) => Promise<TreeOutcome>;

/**
 * Transfers one file after the other, and tells of them: one that fails does not stop the others.
 *
 * @param output - where to tell
 * @param direction - what is done
 * @param places - the files
 * @param transfer - transfers one of them
 * @returns the exit code for all of them
 * @throws what ends everything, such as a lost connection
 */
export async function transferEach(
  output: Output,
  direction: 'sent' | 'received',
  places: readonly TreePlace[],
  transfer: Transfer,
): Promise<ExitCode> {
  const report = new TransferReport(output, direction);
  let files = 0;
  let bytes = 0;
  try {
    for (const place of places) {
      const outcome = await transfer(place, (progress) => {
        const current = { ...place, ...progress };
        report.onProgress({ files, bytes: bytes + progress.transferred, current });
      }).catch((error: unknown) => failed(place, error));
      if (outcome.type === 'file') {
        files += 1;
        bytes += outcome.size;
      }
      await report.onOutcome(outcome);
    }
  } finally {
    await report.finish();
  }
  return report.exitCode;
}

function failed(place: TreePlace, error: unknown): TreeOutcome {
  const isOfOthersToo = endsEverything(failureOf(error)) || isBrokenPipe(error);
  if (isOfOthersToo || !(error instanceof ClientError)) throw error;
  return { type: 'failed', ...place, error };
}
