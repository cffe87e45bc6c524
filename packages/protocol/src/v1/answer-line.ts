import { ProtocolError } from '../errors.js';

/** What a v1 server answers. */
export interface V1Answer {
  /** One of the status codes. */
  readonly status: number;
  /** What stands behind it: words for people, or the number of bytes that follow. */
  readonly text: string;
}

/** What v1 clients get where no command says anything else. */
export const v1Texts = {
  unknownCommand: 'Invalid Command',
  malformed: 'Malformed request',
  misconfigured: 'Server Misconfigured',
} as const;

const encoder = new TextEncoder();
const answerLine = /^(\d{3})\|(.*)$/su;

/**
 * @param answer - what to say, on one line
 * @returns the line with its line feed
 * @throws ProtocolError `misuse` when it would be more than one line
 */
export function formatV1Answer({ status, text }: V1Answer): Uint8Array {
  if (text.includes('\n')) throw new ProtocolError('misuse', 'An answer has one line');
  return encoder.encode(`${status}|${text}\n`);
}

/**
 * @param line - an answer without its line feed
 * @returns what it says
 * @throws ProtocolError `malformed` when it is no answer
 */
export function parseV1Answer(line: string): V1Answer {
  const [, status, text] = answerLine.exec(line) ?? [];
  if (status === undefined || text === undefined) {
    throw new ProtocolError('malformed', 'The server answers in another protocol');
  }
  return { status: Number(status), text };
}
