import type { GetBytesOptions } from '../options.js';
import { readRange } from './download.js';
import type { TransferContext } from './transfer-context.js';

/** What fits into memory without a second thought. */
const defaultMaxSize = 64 * 1024 * 1024;

/**
 * Receives one file, or a part of it, into memory.
 *
 * @param context - asks the server
 * @param path - what, checked
 * @param options - which part, and how large it may be
 * @returns the bytes
 * @throws ClientError `too-large` when there are more than may be
 */
export async function readBytes(
  context: TransferContext,
  path: string,
  options: GetBytesOptions,
): Promise<Buffer> {
  const { maxSize = defaultMaxSize } = options;
  const chunks: Uint8Array[] = [];
  for await (const chunk of readRange(context, path, { ...options, maxSize })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
