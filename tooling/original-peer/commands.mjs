// The commands that every server of the original has. Each takes a request and gives the answer's
// line, without its end, and the bytes behind it; or nothing, to close without an answer.
import { access, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { openPayload, sealPayload } from './crypto.mjs';
import { OriginalPeerError } from './error.mjs';

/** A request that the original calls malformed. */
function malformed(message) {
  return new OriginalPeerError('malformed', message);
}

/** A field of a request. */
export function field(fields, index) {
  const value = fields[index];
  if (value === undefined) throw malformed(`field ${index + 1} is missing`);
  return value;
}

/** Where a name's file lies, if there is one. */
export async function existing(received, name) {
  const path = pathOf(received, name);
  return access(path).then(
    () => path,
    () => undefined,
  );
}

/** Where a name's file would lie. Files lie flat: of a name that is a path, only the end counts. */
export function pathOf(received, name) {
  return join(received, basename(name));
}

function withLength(body) {
  return { line: `200|${body.length}`, body };
}

async function send({ fields, received, keys, takePayload }) {
  const path = pathOf(received, field(fields, 0));
  const length = field(fields, 1);
  if (!/^\s*[+-]?\d+\s*$/.test(length)) throw malformed('the length is no number');
  const payload = await takePayload(Math.max(0, Number(length)));
  if (payload === undefined) return undefined;
  let file;
  try {
    file = openPayload(keys, payload);
  } catch {
    return { line: '500|Decryption Failed' };
  }
  await writeFile(path, file);
  return { line: '226|Transfer Complete' };
}

async function get({ fields, received, keys }) {
  const name = field(fields, 0);
  const path = await existing(received, name);
  if (path === undefined) return { line: `404|File not found: ${name}` };
  let file;
  try {
    file = await readFile(path);
  } catch {
    return { line: '500|Server Read Error' };
  }
  return withLength(sealPayload(keys, file));
}

async function list({ received }) {
  return withLength(Buffer.from((await readdir(received)).join('\n')));
}

async function remove({ fields, received }) {
  const path = await existing(received, field(fields, 0));
  if (path === undefined) return { line: '404|File not found' };
  await unlink(path);
  return { line: '200|File deleted' };
}

function listCommands({ commands }) {
  return withLength(Buffer.from(Object.keys(commands).join('\n')));
}

export const builtinCommands = {
  SEND: send,
  GET: get,
  LIST: list,
  DELETE: remove,
  HLIST: listCommands,
};
