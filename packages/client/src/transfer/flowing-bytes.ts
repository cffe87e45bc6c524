import { ClientError } from '../errors.js';

/** What flows by can be read once, and nobody knows how much will come. */
export const unsized = { size: undefined, mtime: undefined, isRepeatable: false } as const;

/**
 * @param bytes - all that there is
 * @yields them
 */
// eslint-disable-next-line @typescript-eslint/require-await
export async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  if (bytes.length > 0) yield bytes;
}

/**
 * @param source - gives chunks, which may be anybody's
 * @returns them, as bytes; text as UTF-8
 * @throws ClientError `local-file` for anything that is neither
 */
export async function* bytesOnly(
  source: AsyncIterable<unknown> | Iterable<unknown>,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of source) {
    if (chunk instanceof Uint8Array) yield chunk;
    else if (typeof chunk === 'string') yield Buffer.from(chunk);
    else throw new ClientError('local-file', 'The stream gives something else than bytes');
  }
}
