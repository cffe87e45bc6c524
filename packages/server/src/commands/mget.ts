import { commandSchemas, limits } from '@e2eeftp/protocol';

import type { AnswerBody } from '../command/answer.js';
import { defineCommand } from '../command/command.js';
import { batchesAtOnce, failed, succeeded } from './batch-outcomes.js';

/** MGET: several small files, one behind the other. */
export const mget = defineCommand({
  name: 'MGET',
  summary: 'Gives several small files',
  args: commandSchemas.MGET.args,
  effect: 'read',
  overlaps: batchesAtOnce,
  async handler({ paths }, context) {
    const total = limits.batchSize;
    const results = await context.store.readFiles(paths, { fileSize: limits.batchFileSize, total });
    const contents: Uint8Array[] = [];
    const files = results.map((result, index) => {
      if (result.status === 'rejected') return failed(result.reason, paths[index] ?? '', context);
      contents.push(result.value.bytes);
      return succeeded(200, result.value.file);
    });
    return { status: 200, result: { files }, body: bodyOf(contents) };
  },
});

function bodyOf(contents: readonly Uint8Array[]): AnswerBody {
  const bytes = Buffer.concat(contents);
  return {
    size: bytes.length,
    // eslint-disable-next-line @typescript-eslint/require-await
    chunks: (async function* () {
      yield bytes;
    })(),
    close: () => Promise.resolve(),
  };
}
