import { commandSchemas, type RemotePath } from '@e2eeftp/protocol';

import { CommandError } from '../command/answer.js';
import { defineCommand } from '../command/command.js';
import { branches } from '../store/tree.js';
import { overwritePolicy } from './overwrite-policy.js';
import { deleteFile } from './v1-commands.js';

const [, vaults] = branches;

/** DELETE: removes a file, or a folder when it is empty or `recursive` is said; of one version, or any. */
export const deleteCommand = defineCommand({
  name: 'DELETE',
  summary: 'Removes a file or a folder',
  args: commandSchemas.DELETE.args,
  effect: 'change',
  v1: {
    fields: { path: 'path' },
    texts: { 200: 'File deleted', 404: 'File not found' },
    instead: deleteFile,
  },
  async handler({ path, recursive = false, etag, keyring }, { store }) {
    await store.delete(path, { recursive, etag, keyring });
    return { status: 200 };
  },
});

/** RENAME: gives a file or folder another name in the same branch. */
export const rename = defineCommand({
  name: 'RENAME',
  summary: 'Gives a file or folder another name',
  args: commandSchemas.RENAME.args,
  effect: 'change',
  async handler({ from, to, overwrite = 'never', keyring }, { store }) {
    if (regionOf(from) !== regionOf(to)) throw new CommandError(400);
    await store.rename(from, to, overwritePolicy(overwrite), { keyring });
    return { status: 200 };
  },
});

/** MKDIR: makes a folder and those above it. */
export const mkdir = defineCommand({
  name: 'MKDIR',
  summary: 'Makes a folder',
  args: commandSchemas.MKDIR.args,
  effect: 'change',
  async handler({ path, keyring }, { store }) {
    await store.makeDirectory(path, { keyring });
    return { status: 200 };
  },
});

/** CHMOD: gives a file other permissions. */
export const chmod = defineCommand({
  name: 'CHMOD',
  summary: 'Gives a file other permissions',
  args: commandSchemas.CHMOD.args,
  effect: 'change',
  async handler({ path, mode }, { store }) {
    return { status: 200, result: { ...(await store.setMode(path, mode)) } };
  },
});

/** A branch, or a vault: nothing moves from one to another. */
function regionOf(path: RemotePath): string {
  const [branch = '', vault] = path.split('/', 2);
  return branch === vaults && vault !== undefined ? `${branch}/${vault}` : branch;
}
