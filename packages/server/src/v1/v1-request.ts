import {
  parseV1Command,
  parseV1Length,
  ProtocolError,
  v1Path,
  v1Texts,
  type CborMap,
  type CborValue,
} from '@e2eeftp/protocol';

import { CommandError } from '../command/answer.js';
import type { CommandTable } from '../command/command-table.js';
import type { Command, V1FieldKind, V1Form } from '../command/command.js';

/** What a v1 client asks, as the command table understands it. */
export interface V1Request {
  readonly command: Command;
  readonly form: V1Form;
  /** What stood on the line behind the command's word. */
  readonly fields: readonly string[];
  /** What the fields say; empty when they are refused. */
  readonly args: CborMap;
  /** Set when a field has the right form and still cannot be meant. */
  readonly refusal: CommandError | undefined;
  /** Bytes of payload behind the line, for a command that takes a body. */
  readonly payloadLength: number | undefined;
}

/**
 * Reads a command line.
 *
 * @param line - the line without its line feed
 * @param commands - what can be asked for
 * @returns the request
 * @throws CommandError 400 for an unknown command, or a line that does not have its form
 */
export function readV1Request(line: string, commands: CommandTable): V1Request {
  const { word, fields } = parseV1Command(line);
  const command = commands.find(word);
  const form = command?.v1;
  if (!command || !form) throw new CommandError(400, v1Texts.unknownCommand);
  const kinds = Object.entries(form.fields);
  const takesBody = command.takesBody;
  if (fields.length !== kinds.length + (takesBody ? 1 : 0)) throw malformed();
  const payloadLength = takesBody ? orMalformed(parseV1Length, fields.at(-1) ?? '') : undefined;
  const shared = { command: form.instead ?? command, form, fields, payloadLength };
  try {
    const values = kinds.map(([name, kind], index) => [name, valueOf(kind, fields[index] ?? '')]);
    return { ...shared, args: Object.fromEntries(values) as CborMap, refusal: undefined };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { ...shared, args: {}, refusal: error };
  }
}

function valueOf(kind: V1FieldKind, field: string): CborValue {
  if (kind === 'text') return field;
  return kind === 'path' ? orMalformed(v1Path, field) : orMalformed(parseV1Length, field);
}

function orMalformed<Value>(parse: (text: string) => Value, text: string): Value {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof ProtocolError) throw malformed(error);
    throw error;
  }
}

function malformed(cause?: unknown): CommandError {
  return new CommandError(400, v1Texts.malformed, { cause });
}
