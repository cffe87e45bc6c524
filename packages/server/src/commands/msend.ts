import { hash } from 'node:crypto';

import { equalBytes } from '@e2eeftp/crypto';
import { commandSchemas, limits as protocolLimits } from '@e2eeftp/protocol';

import { CommandError } from '../command/answer.js';
import { defineCommand, type RequestBody } from '../command/command.js';
import { treePath } from '../store/home-store.js';
import type { NewFile } from '../store/store.js';
import { batchesAtOnce, failed, succeeded } from './batch-outcomes.js';
import { overwritePolicy } from './overwrite-policy.js';

const sizeDiffers = 'The files have another size than the client says';

/** MSEND: stores several small files, each whole or not at all. */
export const msend = defineCommand({
  name: 'MSEND',
  summary: 'Stores several small files',
  args: commandSchemas.MSEND.args,
  effect: 'send',
  takesBody: true,
  overlaps: batchesAtOnce,
  async handler({ files, keyring }, context) {
    const { client, store, body, limits, observer, signal } = context;
    if (!body) throw new CommandError(400);
    const total = files.reduce((sum, { size }) => sum + size, 0);
    if (total > protocolLimits.batchSize) throw new CommandError(400);
    const bytes = await receiveWhole(body, total);
    let position = 0;
    const parts = files.map(({ size }) => bytes.subarray(position, (position += size)));
    const isTooLarge = ({ size }: { size: number }): boolean => size > limits.fileSize;
    const accepted = files.flatMap((file, index): NewFile[] => {
      const { path, mtime, mode, overwrite = 'always' } = file;
      const content = parts[index];
      if (!content || isTooLarge(file)) return [];
      return [{ path, bytes: content, mtime, mode, overwrite: overwritePolicy(overwrite) }];
    });
    const stored = (await store.storeFiles(accepted, { signal, keyring }))[Symbol.iterator]();
    const outcomes = files.map((file) => {
      const { path } = file;
      const result = isTooLarge(file) ? undefined : stored.next().value;
      if (!result) return failed(new CommandError(413), path, context);
      if (result.status === 'rejected') return failed(result.reason, path, context);
      observer.fileStored?.({ path: treePath(path, client), size: file.size, client });
      return succeeded(226, result.value);
    });
    const count = outcomes.filter(({ file }) => file).length;
    const transferred = { direction: 'up', files: count } as const;
    return { status: 200, result: { files: outcomes }, transferred };
  },
});

/** Reads the body into one piece, and refuses it when it is not what the client says that it is. */
async function receiveWhole(body: RequestBody, size: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(size);
  let received = 0;
  for await (const parts of body) {
    for (const part of parts) {
      if (received + part.length > size) throw new CommandError(400, sizeDiffers);
      bytes.set(part, received);
      received += part.length;
    }
  }
  if (received !== size) throw new CommandError(400, sizeDiffers);
  const digest = body.end?.sha256;
  if (digest && !equalBytes(digest, hash('sha256', bytes, 'buffer'))) {
    throw new CommandError(400, 'The files have another SHA-256 than the client says');
  }
  return bytes;
}
