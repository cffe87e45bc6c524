import type { SourceVersion } from './source-version.js';

/** A source that is ready to be read. */
export interface OpenSource {
  /** Bytes, when known before reading. */
  readonly size: number | undefined;
  /** Milliseconds since 1970, for files. */
  readonly mtime: number | undefined;
  /** Permission bits, for files of systems that have them. */
  readonly mode?: number | undefined;
  /** Whether it can be read again, from any byte on. */
  readonly isRepeatable: boolean;
  /** The absolute path of the local file that it is, or is made of. */
  readonly local?: string | undefined;
  /** For those: which version of the file this is. */
  readonly version?: SourceVersion | undefined;
  /**
   * Reads on from a byte; only from the first, and once, unless it is repeatable. It ends the reading
   * before.
   *
   * @param offset - the byte
   * @returns the bytes; each chunk is valid until the next is asked for
   */
  read(offset: number): AsyncIterable<Uint8Array>;
  /** Frees what the source holds, also while a chunk is awaited. */
  close(): Promise<void>;
}
