// Commands that the owner of a server added, as in the original's example.
import { rename, stat } from 'node:fs/promises';

import { existing, field, pathOf } from './commands.mjs';

/** RENAME|old|new */
export async function renameCommand({ fields, received }) {
  const from = await existing(received, field(fields, 0));
  const to = field(fields, 1);
  if (from === undefined) return { line: '404|Source file not found' };
  if (await existing(received, to)) return { line: '409|Destination file already exists' };
  try {
    await rename(from, pathOf(received, to));
  } catch {
    return { line: '500|Rename failed' };
  }
  return { line: '200|File renamed successfully' };
}

/** STAT|name */
export async function statCommand({ fields, received }) {
  const path = await existing(received, field(fields, 0));
  if (path === undefined) return { line: '404|File not found' };
  const { size, mtimeMs } = await stat(path);
  return { line: `200|${size}|${Math.floor(mtimeMs / 1000)}` };
}
