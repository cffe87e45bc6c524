import { ProtocolError } from '../errors.js';
import { limits } from '../limits.js';

const lineFeed = 0x0a;

/** A line, and what came behind it. */
export interface V1Line {
  /** The line without its line feed. */
  readonly text: string;
  /** Bytes behind it, valid as long as those that were pushed. */
  readonly rest: Uint8Array;
}

/**
 * Collects the one line in the clear that each side of a v1 connection sends. It is bounded, since
 * its sender decides when it ends.
 */
export class V1LineReader {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /**
   * @param bytes - the next bytes; kept as copies
   * @returns the line, once it is complete
   * @throws ProtocolError `malformed` when it is too long or not valid UTF-8
   */
  push(bytes: Uint8Array): V1Line | undefined {
    const end = bytes.indexOf(lineFeed);
    const part = end < 0 ? bytes : bytes.subarray(0, end);
    this.#length += part.length;
    if (this.#length >= limits.v1Line) {
      throw new ProtocolError('malformed', `The line has no end within ${limits.v1Line} bytes`);
    }
    // Not `slice`: of a Buffer it gives a view. And nothing is noted for a chunk of no bytes, since
    // the length that is bounded above does not count them.
    if (part.length > 0) this.#parts.push(Uint8Array.from(part));
    if (end < 0) return undefined;
    return { text: this.#decode(), rest: bytes.subarray(end + 1) };
  }

  #decode(): string {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    try {
      const text = this.#parts.map((part) => decoder.decode(part, { stream: true })).join('');
      return text + decoder.decode();
    } catch (cause) {
      throw new ProtocolError('malformed', 'The line is not valid UTF-8', { cause });
    }
  }
}
