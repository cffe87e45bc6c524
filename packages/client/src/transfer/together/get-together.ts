import { unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { SmallFiles } from '@e2eeftp/file-io';
import { limits, type StoredFile } from '@e2eeftp/protocol';

import { checkedPath } from '../../checked-path.js';
import {
  asClientError,
  asLocalError,
  ClientError,
  rethrowAsLocal,
  throwIfAborted,
} from '../../errors.js';
import type { GetTogetherOptions } from '../../options.js';
import { isSystemError } from '../../system-error.js';
import { keptError } from '../local-file-errors.js';
import { partPathFor } from '../part-name.js';
import type { TransferContext } from '../transfer-context.js';
import type { IncomingFile } from './batch-requests.js';
import { areEnough, batchesOf, type BatchItem, type TogetherOutcome } from './batch.js';

/** A file that is to be received together with others. */
export interface FileToGet {
  /** Which. */
  readonly path: string;
  /** A local path. */
  readonly target: string;
  /** Bytes that it has, as a listing said maybe; it may have other ones meanwhile. */
  readonly size?: number | undefined;
}

/** A file that is small, as far as one knows, and which of them all it is. */
interface Wanted extends BatchItem {
  readonly index: number;
  readonly target: string;
}

/** A file on its way to its local name. */
interface Arriving {
  readonly wanted: Wanted;
  readonly incoming: IncomingFile;
  /** Where it lies until it gets its name. */
  readonly part: string;
}

/**
 * Receives files with as few requests as possible. Each local file gets its name only when it is
 * durable; until then the older file of that name stays as it is.
 *
 * @param context - asks the server
 * @param files - which, and where to
 * @param options - how
 * @returns what became of each; nothing for those that are to be received by themselves
 */
export async function getTogether(
  context: TransferContext,
  files: readonly FileToGet[],
  options: GetTogetherOptions,
): Promise<TogetherOutcome[]> {
  const outcomes: TogetherOutcome[] = files.map(() => undefined);
  const isPossible = context.batches && context.longestRange === Infinity;
  if (!isPossible || !areEnough(files)) return outcomes;
  const wanted: Wanted[] = [];
  for (const [index, { path, target, size = limits.batchFileSize }] of files.entries()) {
    if (size > limits.batchFileSize) continue;
    try {
      wanted.push({ index, path: checkedPath(path), target, size });
    } catch (error) {
      outcomes[index] = asClientError(error);
    }
  }
  await Promise.all(
    Array.from(batchesOf(wanted), async (batch) => {
      const results = await getBatch(context, batch, options);
      for (const [position, { index }] of batch.entries()) outcomes[index] = results[position];
    }),
  );
  return outcomes;
}

async function getBatch(
  context: TransferContext,
  batch: readonly Wanted[],
  options: GetTogetherOptions,
): Promise<TogetherOutcome[]> {
  const { signal } = options;
  try {
    const received = await context.retry(
      { signal, mayRetry: true },
      async () => (await context.batches?.receive(batch, signal)) ?? [],
    );
    throwIfAborted(signal);
    const arriving = batch.flatMap((wanted, index): Arriving[] => {
      const incoming = received[index];
      if (!incoming || incoming instanceof ClientError) return [];
      return [{ wanted, incoming, part: partPathFor(wanted.target) }];
    });
    const kept = (await keepAll(context.smallFiles, arriving, options).catch(rethrowAsLocal))[
      Symbol.iterator
    ]();
    return received.map((incoming) => {
      if (!incoming || incoming instanceof ClientError) return incoming;
      return kept.next().value;
    });
  } catch (error) {
    return batch.map(() => asClientError(error));
  }
}

/** Writes files that were received, and gives them their names. */
async function keepAll(
  smallFiles: SmallFiles,
  arriving: readonly Arriving[],
  { overwrite = 'always', preserveTime = false, preserveMode = false }: GetTogetherOptions,
): Promise<(StoredFile | ClientError)[]> {
  const written = await smallFiles.write(
    arriving.map(({ part, incoming: { file, content } }) => ({
      path: part,
      bytes: content,
      mtime: preserveTime ? file.mtime / 1000 : undefined,
      permissions: preserveMode ? file.mode : undefined,
    })),
    { flags: 'wx', mode: 0o666, isDurable: true },
  );
  const whole = arriving.filter((_, index) => !(written[index] instanceof Error));
  const replaces = overwrite === 'always';
  const placed = await smallFiles.place(
    whole.map(({ part, wanted: { target } }) => ({ from: part, to: target, replaces })),
  );
  const failures = new Map<Arriving, ClientError>();
  for (const [index, one] of arriving.entries()) {
    const failure = written[index];
    if (failure instanceof Error) failures.set(one, asLocalError(failure));
  }
  for (const [index, one] of whole.entries()) {
    const failure = placed[index];
    if (!(failure instanceof Error)) continue;
    await unlink(one.part).catch(() => undefined);
    const isKept = isSystemError(failure, 'EEXIST');
    failures.set(one, isKept ? keptError(one.wanted.target) : asLocalError(failure));
  }
  const folders = new Set(whole.map(({ wanted: { target } }) => dirname(target)));
  await Promise.all(Array.from(folders, (folder) => smallFiles.flushFolder(folder)));
  return arriving.map((one) => failures.get(one) ?? one.incoming.file);
}
