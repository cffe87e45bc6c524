import { limits, type StoredFile } from '@e2eeftp/protocol';

import type { SendOptions } from '../options.js';
import type { OpenSource } from './open-source.js';
import { sentMode } from './sent-mode.js';
import type { TransferContext } from './transfer-context.js';

/**
 * Sends a small file together with others, where that is possible.
 *
 * @param context - asks the server
 * @param source - what to send
 * @param path - where to, checked
 * @param options - how
 * @returns the file as the server has it; nothing when it must be sent by itself
 * @throws ClientError
 */
export async function uploadTogether(
  context: TransferContext,
  source: OpenSource,
  path: string,
  options: SendOptions,
): Promise<StoredFile | undefined> {
  const { smallTransfers } = context;
  const { content } = source;
  const { overwrite = 'always', checksum = false, signal, onProgress } = options;
  if (!smallTransfers || !content || content.length > limits.batchFileSize) return undefined;
  // Whether the answer was lost matters where it must not replace another.
  if (overwrite !== 'always' || checksum) return undefined;
  if ((options.size ?? content.length) !== content.length) return undefined;
  const mtime = options.mtime ?? source.mtime;
  const mode = sentMode(context, source, options);
  const outgoing = { path, size: content.length, mtime, mode, content };
  const file = await context.retry({ signal, mayRetry: true }, () =>
    smallTransfers.send(outgoing, signal),
  );
  onProgress?.({ transferred: file.size, total: file.size });
  return file;
}
