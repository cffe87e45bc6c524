import { ProtocolError } from '../errors.js';
import { limits } from '../limits.js';

const separator = '|';
const encoder = new TextEncoder();
// What ends a line or parts its fields cannot stand in one.
const forbidden = /[|\n]/u;
// What the original strips from a line. `trim` strips a byte order mark too, which can be part of a
// name, and leaves some controls.
const blanks =
  '\\t-\\r\\x1C-\\x20\\x85\\xA0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000';
// From the first character that is none to the last: one attempt, however many blanks a peer sends.
const content = new RegExp(`[^${blanks}](?:.*[^${blanks}])?`, 'su');

/** What a v1 client asks. */
export interface V1Command {
  /** The command's word, in capitals. */
  readonly word: string;
  /** What stands behind it, in order. */
  readonly fields: readonly string[];
}

/**
 * @param line - a command line without its line feed
 * @returns its parts
 */
export function parseV1Command(line: string): V1Command {
  const [word = '', ...fields] = strip(line).split(separator);
  return { word: word.toUpperCase(), fields };
}

/**
 * Writes a command line. It goes over the wire in the clear.
 *
 * @param word - the command's word
 * @param fields - what stands behind it
 * @returns the line with its line feed
 * @throws ProtocolError `bad-path` for a field that the line cannot carry as it is: with a
 *   separator, a line feed, or a blank at the end of the line, or too long
 */
export function formatV1Command(word: string, fields: readonly string[]): Uint8Array {
  const line = [word, ...fields].join(separator);
  if ([word, ...fields].some((part) => forbidden.test(part))) {
    throw badField('may not contain "|" or a line feed');
  }
  if (!line.isWellFormed()) throw badField('is not valid Unicode');
  if (strip(line) !== line) throw badField('may not end with a blank');
  const bytes = encoder.encode(`${line}\n`);
  if (bytes.length > limits.v1Line) throw badField('is too long');
  return bytes;
}

function strip(line: string): string {
  return content.exec(line)?.[0] ?? '';
}

function badField(reason: string): ProtocolError {
  return new ProtocolError('bad-path', `A name in the first generation of the protocol ${reason}`);
}
