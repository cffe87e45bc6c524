import { constants } from 'node:fs';

import type { ReadFile } from '@e2eeftp/file-io';
import { limits } from '@e2eeftp/protocol';

import { checkedPath } from '../../checked-path.js';
import { asClientError, asLocalError } from '../../errors.js';
import type { SendTogetherOptions } from '../../options.js';
import { changedError, noFileError } from '../local-file-errors.js';
import { sentMode } from '../sent-mode.js';
import { modifiedAt, permissionsOf } from '../source-version.js';
import type { TransferContext } from '../transfer-context.js';
import type { OutgoingFile } from './batch-requests.js';
import { areEnough, batchesOf, type TogetherOutcome } from './batch.js';

/** A file that is to be sent together with others. */
export interface FileToSend {
  /** A local path, or bytes. */
  readonly source: string | Uint8Array;
  /** Where to. */
  readonly path: string;
  /** Milliseconds since 1970; by default a file's own time, else the time of arrival. */
  readonly mtime?: number | undefined;
}

/** A file that is ready to be sent, and which of them all it is. */
interface Ready extends OutgoingFile {
  readonly index: number;
}

// Without O_NONBLOCK, a pipe that nobody writes to would keep the thread waiting.
const sourceFlags = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Sends files with as few requests as possible, each of which replaces an older one.
 *
 * @param context - asks the server
 * @param files - what to send, and where to
 * @param options - how
 * @returns what became of each; nothing for those that are to be sent by themselves
 * @throws ClientError `bad-request` when permissions are wanted that the server does not keep
 */
export async function sendTogether(
  context: TransferContext,
  files: readonly FileToSend[],
  options: SendTogetherOptions,
): Promise<TogetherOutcome[]> {
  const outcomes: TogetherOutcome[] = files.map(() => undefined);
  if (!context.batches || !areEnough(files)) return outcomes;
  const ready: Ready[] = [];
  const contents = await contentsOf(context, files);
  for (const [index, file] of files.entries()) {
    try {
      const outgoing = outgoingFile(context, file, contents[index], options);
      if (outgoing) ready.push({ index, ...outgoing });
    } catch (error) {
      outcomes[index] = asClientError(error);
    }
  }
  await Promise.all(
    Array.from(batchesOf(ready), async (batch) => {
      const results = await sendBatch(context, batch, options);
      for (const [position, { index }] of batch.entries()) outcomes[index] = results[position];
    }),
  );
  return outcomes;
}

async function sendBatch(
  context: TransferContext,
  batch: readonly Ready[],
  options: SendTogetherOptions,
): Promise<TogetherOutcome[]> {
  const { signal } = options;
  try {
    const send = async (): Promise<TogetherOutcome[]> =>
      (await context.batches?.send(batch, options)) ?? [];
    return await context.retry({ signal, mayRetry: true }, send);
  } catch (error) {
    return batch.map(() => asClientError(error));
  }
}

/** What the files are, as far as they are local ones. */
async function contentsOf(
  { smallFiles }: TransferContext,
  files: readonly FileToSend[],
): Promise<(ReadFile | Error | undefined)[]> {
  const paths = files.flatMap(({ source }) => (typeof source === 'string' ? [source] : []));
  const read = await smallFiles.read(paths, sourceFlags, limits.batchFileSize);
  let next = 0;
  return files.map(({ source }) => (typeof source === 'string' ? read[next++] : undefined));
}

/** @returns the file, if it is small */
function outgoingFile(
  context: TransferContext,
  { source, path, mtime }: FileToSend,
  read: ReadFile | Error | undefined,
  options: SendTogetherOptions,
): OutgoingFile | undefined {
  const checked = checkedPath(path);
  if (typeof source !== 'string') {
    const isSmall = source.length <= limits.batchFileSize;
    return isSmall ? { path: checked, size: source.length, mtime, content: source } : undefined;
  }
  if (!read || read instanceof Error) throw asLocalError(read);
  const { stats, bytes, hasChanged } = read;
  if (!stats.isFile()) throw noFileError(source, stats);
  if (!bytes) return undefined;
  // A file that changes while it is read is no version of the file that ever was.
  if (hasChanged) throw changedError(source);
  const mode = sentMode(context, { mode: permissionsOf(stats) }, options);
  return {
    path: checked,
    size: bytes.length,
    mtime: mtime ?? modifiedAt(stats),
    mode,
    content: bytes,
  };
}
