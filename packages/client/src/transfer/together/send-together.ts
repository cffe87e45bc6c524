import { checkedPath } from '../../checked-path.js';
import { asClientError, ClientError } from '../../errors.js';
import type { SendTogetherOptions } from '../../options.js';
import { sentMode } from '../sent-mode.js';
import type { TransferContext } from '../transfer-context.js';
import { askInBatches, type IndexedItem } from './ask-in-batches.js';
import type { OutgoingFile } from './batch-requests.js';
import { areEnough, type TogetherOutcome } from './batch.js';
import { readSmallSources } from './small-sources.js';

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
type Ready = OutgoingFile & IndexedItem;

/**
 * Sends files with as few requests as possible, each of which replaces an older one.
 *
 * @param context - asks the server
 * @param files - what to send, and where to
 * @param options - how
 * @returns what became of each; nothing for those that are to be sent by themselves
 */
export async function sendTogether(
  context: TransferContext,
  files: readonly FileToSend[],
  options: SendTogetherOptions,
): Promise<TogetherOutcome[]> {
  const outcomes: TogetherOutcome[] = files.map(() => undefined);
  const { batches } = context;
  if (!batches || !areEnough(files)) return outcomes;
  const ready: Ready[] = [];
  const taken = new Set<string>();
  const sources = await readSmallSources(
    context.smallFiles,
    files.map(({ source }) => source),
  );
  for (const [index, { path, mtime }] of files.entries()) {
    const source = sources[index];
    try {
      if (source instanceof ClientError) outcomes[index] = source;
      if (!source || source instanceof ClientError) continue;
      const checked = checkedPath(path);
      // One that goes to the path of another comes behind it.
      if (taken.has(checked)) continue;
      taken.add(checked);
      const { content } = source;
      const mode = sentMode(context, source, options);
      const sent = { size: content.length, mtime: mtime ?? source.mtime, mode, content };
      ready.push({ index, path: checked, ...sent });
    } catch (error) {
      outcomes[index] = asClientError(error);
    }
  }
  const send = (batch: readonly Ready[]): Promise<TogetherOutcome[]> =>
    batches.send(batch, options);
  await askInBatches(context, ready, send, outcomes, options.signal);
  return outcomes;
}
