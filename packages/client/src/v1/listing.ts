import { ClientError } from '../errors.js';
import { expectBody } from './answers.js';
import { overV1Connection } from './connection.js';
import type { V1ClientOptions } from './options.js';

/** The server decides how long a listing is; these bound the memory that it can make us use. */
const limits = { bytes: 64 * 1024 * 1024, names: 1_000_000 } as const;

const lineFeed = 0x0a;

/**
 * Asks for a listing: names in the clear, parted by line feeds.
 *
 * @param options - how to reach the server, and as whom
 * @param word - the command
 * @param what - what is asked, as people name it
 * @param signal - ends the wait early
 * @returns the names as the server gives them
 * @throws ClientError
 */
export function listV1(
  options: V1ClientOptions,
  word: 'HLIST' | 'LIST',
  what: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  return overV1Connection(options, { word, fields: [] }, signal, async (connection) => {
    const length = expectBody(what, await connection.answer());
    if (length > limits.bytes) throw tooLong(what, `${length} bytes`);
    const parts: Uint8Array[] = [];
    let names = 1;
    for await (const part of connection.body(length)) {
      for (let at = part.indexOf(lineFeed); at >= 0; at = part.indexOf(lineFeed, at + 1)) names++;
      if (names > limits.names) throw tooLong(what, `more than ${limits.names} names`);
      parts.push(new Uint8Array(part));
    }
    // No file has an empty name: it comes from a listing that is empty or ends with a line feed.
    return decode(what, parts)
      .split('\n')
      .filter((name) => name !== '');
  });
}

function decode(what: string, parts: readonly Uint8Array[]): string {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.decode(Buffer.concat(parts));
  } catch (cause) {
    throw new ClientError('not-e2eeftp', `${what}: the listing is not valid UTF-8`, { cause });
  }
}

function tooLong(what: string, size: string): ClientError {
  return new ClientError('too-large', `${what}: a listing of ${size} is refused`);
}
