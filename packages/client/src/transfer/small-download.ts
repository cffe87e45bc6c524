import { limits, type StoredFile } from '@e2eeftp/protocol';

import { rethrowAsLocal, throwIfAborted } from '../errors.js';
import type { GetOptions } from '../options.js';
import type { DownloadTarget } from './target.js';
import type { TransferContext } from './transfer-context.js';
import { writeSmallFile } from './write-small-file.js';

/**
 * Receives a small file together with others, where that is possible.
 *
 * @param context - asks the server
 * @param path - what, checked
 * @param target - where to
 * @param options - how
 * @returns the file as the server has it; nothing when it must be received by itself
 * @throws ClientError
 */
export async function downloadTogether(
  context: TransferContext,
  path: string,
  target: DownloadTarget,
  options: GetOptions,
): Promise<StoredFile | undefined> {
  const { smallTransfers, smallFiles } = context;
  const { offset, length, etag, size = Infinity, overwrite = 'always', signal } = options;
  const isWhole = offset === undefined && length === undefined && etag === undefined;
  if (!smallTransfers || !smallFiles || !isWhole || typeof target !== 'string') return undefined;
  if (size > limits.batchFileSize || context.longestRange !== Infinity) return undefined;
  const received = await context.retry({ signal, mayRetry: true }, () =>
    smallTransfers.receive({ path, size }, signal),
  );
  if (!received) return undefined;
  const { file, content } = received;
  const { preserveTime = false, preserveMode = false, onProgress } = options;
  throwIfAborted(signal);
  onProgress?.({ transferred: file.size, total: file.size });
  const facts = {
    mtime: preserveTime ? file.mtime : undefined,
    mode: preserveMode ? file.mode : undefined,
  };
  await writeSmallFile(smallFiles, target, content, overwrite, facts).catch(rethrowAsLocal);
  return file;
}
