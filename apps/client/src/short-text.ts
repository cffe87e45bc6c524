/**
 * Reads a short text as a whole.
 *
 * @param chunks - its bytes
 * @param maximumLength - how many there may be
 * @returns the text; nothing when there is more of it
 */
export async function shortText(
  chunks: AsyncIterable<Buffer>,
  maximumLength: number,
): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    length += chunk.length;
    if (length > maximumLength) return undefined;
  }
  return Buffer.concat(parts).toString('utf8');
}
