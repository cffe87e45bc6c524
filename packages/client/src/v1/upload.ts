import { setImmediate } from 'node:timers/promises';

import { defaultBackend, v1PayloadLength, V1PayloadSealer } from '@e2eeftp/crypto';
import { limits } from '@e2eeftp/protocol';

import { untilAborted } from '../connection/abort.js';
import { asClientError, asLocalError, ClientError } from '../errors.js';
import type { OpenSource } from '../transfer/open-source.js';
import { openSource, type UploadSource } from '../transfer/source.js';
import { accepted, expectStatus } from './answers.js';
import { overV1Connection, type V1Connection } from './connection.js';
import { checkV1Name } from './name.js';
import type { V1ClientOptions, V1SendOptions } from './options.js';

/**
 * Sends one file over the first generation.
 *
 * @param options - how to reach the server, and as whom
 * @param source - what to send
 * @param name - under which name
 * @param send - how
 * @returns bytes of the file
 * @throws ClientError
 */
export async function uploadV1(
  options: V1ClientOptions,
  source: UploadSource,
  name: string,
  send: V1SendOptions,
): Promise<number> {
  const what = `Cannot send ${checkV1Name(name)}`;
  const opened = await openSource(source).catch((error: unknown) => {
    throw asClientError(error);
  });
  try {
    const size = checkSize(what, send.size ?? opened.size);
    const command = { word: 'SEND', fields: [name, String(v1PayloadLength(size))] };
    await overV1Connection(options, command, send.signal, async (connection) => {
      const answered = connection.answer();
      const isWhole = await sendPayload(connection, opened, size, answered, send.onProgress);
      const answer = await answered;
      if (isWhole) return expectStatus(what, answer, 226);
      accepted(what, answer);
      throw new ClientError('not-e2eeftp', 'The server accepted a file before it had all of it');
    });
    return size;
  } finally {
    await opened.close();
  }
}

/** The command line says how long the payload will be, so nothing can be sent before it is known. */
function checkSize(what: string, size: number | undefined): number {
  if (size === undefined) {
    throw new ClientError(
      'local-file',
      `${what}: the first generation of the protocol has to know the size beforehand; say how many bytes there are, or save them to a file and send that`,
    );
  }
  if (size >= 0 && Number.isSafeInteger(size) && Number.isSafeInteger(v1PayloadLength(size))) {
    return size;
  }
  throw new ClientError('local-file', `${what}: ${size} is no size of a file`);
}

/**
 * Sends the payload, unless the server answers before its end, or hangs up.
 *
 * @returns whether all of it was sent
 * @throws ClientError when the source fails, or gives another number of bytes than was announced
 */
async function sendPayload(
  connection: V1Connection,
  source: OpenSource,
  size: number,
  answered: Promise<unknown>,
  onProgress: V1SendOptions['onProgress'],
): Promise<boolean> {
  const stop = new AbortController();
  const { signal } = stop;
  const abort = (): void => {
    stop.abort();
  };
  answered.then(abort, abort);
  const { keys } = connection;
  const sealer = new V1PayloadSealer({ backend: defaultBackend, keys, plaintextLength: size });
  const iterator = source.read(0)[Symbol.asyncIterator]();
  let sent = 0;
  try {
    for (;;) {
      const next = await connection.whileLocal(untilAborted(iterator.next(), signal));
      if (next.done === true) break;
      for (let start = 0; start < next.value.length; start += limits.bodyRecord) {
        const part = next.value.subarray(start, start + limits.bodyRecord);
        if (sent + part.length > size) throw changed(size);
        // When nothing can be sent any more, the answer, or its absence, says why.
        const taken = connection.send(sealer.update(part)).catch(() => answered);
        await untilAborted(taken, signal);
        sent += part.length;
        onProgress?.({ transferred: sent, total: size });
        // A source and a network that never make us wait would leave no turn to signals and answers.
        await setImmediate();
      }
    }
    if (sent < size) throw changed(size);
  } catch (error) {
    if (signal.aborted) return false;
    throw asLocalError(error);
  } finally {
    // A source that is not read to its end frees what it holds; it may take its time, or for ever.
    iterator.return?.().catch(() => undefined);
  }
  // Whether it arrives, the answer says.
  connection.send(sealer.final()).catch(() => undefined);
  return true;
}

function changed(size: number): ClientError {
  return new ClientError(
    'local-file',
    `The source does not have the ${size} bytes that were announced, so it was not sent; send it again`,
  );
}
