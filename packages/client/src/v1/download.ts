import {
  defaultBackend,
  isV1PayloadLength,
  v1PayloadLength,
  V1PayloadOpener,
} from '@e2eeftp/crypto';

import { ClientError, rethrowAsLocal } from '../errors.js';
import { exists } from '../transfer/local-file.js';
import { keptError } from '../transfer/local-file-errors.js';
import type { OpenTarget } from '../transfer/open-target.js';
import type { DownloadTarget } from '../transfer/target.js';
import { expectBody } from './answers.js';
import { overV1Connection, type V1Connection } from './connection.js';
import { checkV1Name } from './name.js';
import type { V1ClientOptions, V1GetOptions } from './options.js';
import { openUnseenTarget } from './spooled-target.js';

/** How far the longest file of a payload's length is above the shortest. */
const paddingSlack = 15;

/**
 * Receives one file over the first generation.
 *
 * @param options - how to reach the server, and as whom
 * @param name - what
 * @param target - where to
 * @param get - how
 * @returns bytes of the file
 * @throws ClientError
 */
export async function downloadV1(
  options: V1ClientOptions,
  name: string,
  target: DownloadTarget,
  get: V1GetOptions,
): Promise<number> {
  const what = `Cannot get ${checkV1Name(name)}`;
  const { overwrite = 'always' } = get;
  // Looked at again in the end; but nothing has to come for what is not wanted.
  const isKept = overwrite === 'never' && typeof target === 'string';
  if (isKept && (await exists(target).catch(rethrowAsLocal))) throw keptError(target);
  const command = { word: 'GET', fields: [name] };
  return overV1Connection(options, command, get.signal, async (connection) => {
    const payloadLength = expectBody(what, await connection.answer());
    if (!isV1PayloadLength(payloadLength)) {
      throw new ClientError(
        'not-e2eeftp',
        `${what}: no file has ${payloadLength} bytes of payload`,
      );
    }
    const output = await openUnseenTarget(target, overwrite, get.signal);
    try {
      const size = await receive(connection, name, payloadLength, output, get.onProgress);
      await output.commit().catch(rethrowAsLocal);
      return size;
    } finally {
      await output.close();
    }
  });
}

/** Writes what comes, and throws unless all of it is what the server has sealed. */
async function receive(
  connection: V1Connection,
  name: string,
  payloadLength: number,
  output: OpenTarget,
  onProgress: V1GetOptions['onProgress'],
): Promise<number> {
  const { keys } = connection;
  const opener = new V1PayloadOpener({ backend: defaultBackend, keys, payloadLength });
  const total = payloadLength - v1PayloadLength(0) + paddingSlack;
  let size = 0;
  const write = async (plaintext: Uint8Array): Promise<void> => {
    size += plaintext.length;
    await output.write([plaintext]).catch(rethrowAsLocal);
  };
  for await (const part of connection.body(payloadLength)) {
    await write(opener.update(part));
    onProgress?.({ transferred: size, total });
  }
  await write(final(opener, name));
  onProgress?.({ transferred: size, total: size });
  return size;
}

function final(opener: V1PayloadOpener, name: string): Uint8Array {
  try {
    return opener.final();
  } catch (cause) {
    throw new ClientError('integrity', `${name}: what arrived is not what the server sent`, {
      cause,
    });
  }
}
