import { equalBytes } from '@e2eeftp/crypto';
import { commandSchemas, type WholeBody } from '@e2eeftp/protocol';

import { CommandError } from '../command/answer.js';
import { defineCommand, type RequestBody } from '../command/command.js';
import { treePath } from '../store/home-store.js';
import type { Upload } from '../store/store.js';
import { overwritePolicy } from './overwrite-policy.js';

const sizeDiffers = 'The file has another size than the client says';

/** SEND: stores a file, whole or not at all. With an upload's id, a broken one can be resumed. */
export const send = defineCommand({
  name: 'SEND',
  summary: 'Stores a file',
  args: commandSchemas.SEND.args,
  effect: 'send',
  takesBody: true,
  overlaps: Infinity,
  v1: { fields: { path: 'path' }, texts: { 226: 'Transfer Complete' } },
  async handler(args, { client, store, body, limits, observer, signal }) {
    const { path, mtime, mode, overwrite = 'always', upload: id, offset, size, keyring } = args;
    if (offset !== undefined && !id) throw new CommandError(400);
    if (!body) throw new CommandError(400);
    if (Math.max(size ?? 0, offset ?? 0) > limits.fileSize) throw new CommandError(413);
    const resumable = id && { owner: client.identity, id, offset: offset ?? 0 };
    const upload = await store.createUpload({ path, size, resumable, keyring });
    try {
      const end = await receive(body, upload, size, limits.fileSize);
      const file = await upload.commit({
        overwrite: overwritePolicy(overwrite),
        mtime,
        mode,
        // Who goes on with an upload finds out that it is done.
        ...(!resumable && { signal }),
      });
      observer.fileStored?.({ path: treePath(path, client), size: file.size, client });
      const { sha256 } = end;
      const result = sha256 ? { ...file, sha256 } : { ...file };
      return { status: 226, result, transferred: { direction: 'up', files: 1 } };
    } catch (error) {
      // What is wrong about the file stays wrong, however often somebody goes on with it.
      if (error instanceof CommandError) await upload.discard();
      throw error;
    } finally {
      await upload.suspend();
    }
  },
});

/** Writes the body to the upload, and refuses it when it is not what the client says that it is. */
async function receive(
  body: RequestBody,
  upload: Upload,
  size: number | undefined,
  maximum: number,
): Promise<WholeBody> {
  const start = upload.size;
  for await (const parts of body) {
    await upload.write(parts);
    if (upload.size > maximum) throw new CommandError(413);
    if (size !== undefined && upload.size > size) throw new CommandError(400, sizeDiffers);
  }
  const { end } = body;
  if (!end || (size !== undefined && start + end.size !== size))
    throw new CommandError(400, sizeDiffers);
  if (end.sha256 && !equalBytes(end.sha256, await upload.sha256())) {
    throw new CommandError(400, 'The file has another SHA-256 than the client says');
  }
  return end;
}
