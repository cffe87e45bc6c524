import type { z } from 'zod';

import { commandSchemas, statusTexts, type CborMap, type CommandName } from '@e2eeftp/protocol';

/** A request that was asked, as far as its answer shows it. */
export interface AskedRequest {
  readonly id: number;
  readonly command: string;
}

/** What a server says beside the text of a status, which says the same every time. */
const moreTexts: Readonly<Record<number, readonly string[]>> = {
  400: [
    'Invalid command',
    'The file has another size than the client says',
    'The file has another SHA-256 than the client says',
    'The files have another size than the client says',
    'The files have another SHA-256 than the client says',
  ],
};

/** Why a server hangs up that says so. */
const closings = [200, 403, 408, 503];

/** What the first generation says for a status, and nowhere else. */
const v1Texts: Readonly<Record<number, readonly string[]>> = {
  200: ['File deleted'],
  226: ['Transfer Complete'],
  400: ['Malformed request', 'Invalid Command'],
  404: ['File not found'],
  500: ['Decryption Failed'],
};

/**
 * @param answer - what came
 * @param asked - what it must answer, as long as that can be known
 * @returns what is wrong about it, if anything is
 */
export function faultOf(answer: CborMap, asked: AskedRequest | undefined): string | undefined {
  const { id, status, text, result } = answer;
  const shown = `${String(asked?.command)} was answered by ${JSON.stringify({ id, status, text })}`;
  if (asked && id !== asked.id) return `${shown}, which is not its id ${asked.id}`;
  if (!isFixed(status, text, statusTexts, moreTexts)) return `${shown}, which is not in the table`;
  if (status === 500) return shown;
  const isDone = Number(status) < 300;
  if (!isDone && result !== null) return `${shown}, and more than that`;
  const schema = asked && resultSchemaOf(asked.command.toUpperCase());
  if (isDone && schema?.safeParse(result).success === false) return `${shown}, and a wrong result`;
  return undefined;
}

function resultSchemaOf(command: string): z.ZodType | undefined {
  return isCommandName(command) ? commandSchemas[command].result : undefined;
}

function isCommandName(command: string): command is CommandName {
  return Object.hasOwn(commandSchemas, command);
}

/**
 * @param close - the last word of a server
 * @returns what is wrong about it, if anything is
 */
export function faultOfClose({ status, text }: CborMap): string | undefined {
  const isRight = closings.includes(Number(status)) && isFixed(status, text, statusTexts, {});
  return isRight ? undefined : `it was closed by ${JSON.stringify({ status, text })}`;
}

/**
 * @param answer - all that a server of the first generation has said behind its hello
 * @param line - what it was asked
 * @returns what is wrong about it, if anything is
 */
export function faultOfV1(answer: Buffer, line: string): string | undefined {
  if (answer.length === 0) return undefined;
  const end = answer.indexOf('\n');
  const shown = JSON.stringify(answer.subarray(0, end < 0 ? 200 : end).toString());
  const [, status, text = ''] = /^(\d{3})\|(.*)$/su.exec(answer.toString('utf8', 0, end)) ?? [];
  const rest = answer.length - end - 1;
  if (end < 0 || status === undefined) return `a line of v1 was answered by ${shown}`;
  if (status === '200' && /^\d+$/u.test(text) && rest === Number(text)) return undefined;
  if (rest > 0) return `a line of v1 was answered by ${shown} and ${rest} bytes`;
  // The one text that says again what the client has said, which can be a name in no other case.
  const name = /^File not found: (\P{Cc}*)$/u.exec(text)?.[1];
  const isOfName = status === '404' && name !== undefined && line.includes(name);
  if (isOfName || isFixed(Number(status), text, statusTexts, v1Texts)) return undefined;
  return `a line of v1 was answered by ${shown}, which is not in the table`;
}

function isFixed(
  status: unknown,
  text: unknown,
  texts: Readonly<Record<number, string>>,
  more: Readonly<Record<number, readonly string[]>>,
): boolean {
  if (typeof status !== 'number' || typeof text !== 'string') return false;
  return texts[status] === text || more[status]?.includes(text) === true;
}
