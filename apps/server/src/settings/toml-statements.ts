import { parse, TomlError, type TomlValue } from 'smol-toml';

/** A value of the file, with the line where it is set. */
export interface Statement {
  readonly key: string;
  readonly value: TomlValue;
  /** Counted from 1. */
  readonly line: number;
}

/** A line that means nothing. */
export interface SyntaxMistake {
  readonly line: number;
  readonly message: string;
}

/** Lines that one value may take. */
const longestStatement = 200;
/** Nobody reads more of them; what is no TOML at all has one in every line. */
const mostMistakes = 50;

/**
 * Reads a TOML file that sets keys and has no tables.
 *
 * The library says in which line a syntax error is, yet neither where a key stands nor what is
 * wrong behind the first error. So the text is read a statement at a time: as few lines as make
 * sense by themselves.
 *
 * @param text - the file's text
 * @returns what it sets, and every line that means nothing
 */
export function parseStatements(text: string): {
  readonly statements: readonly Statement[];
  readonly mistakes: readonly SyntaxMistake[];
} {
  const lines = text.split(/\r?\n/u);
  const statements: Statement[] = [];
  const mistakes: SyntaxMistake[] = [];
  for (let start = 0; start < lines.length && mistakes.length < mostMistakes;) {
    const { values, next, mistake } = readStatement(lines, start);
    for (const [key, value] of Object.entries(values)) {
      statements.push({ key, value, line: start + 1 });
    }
    if (mistake) mistakes.push(mistake);
    start = next;
  }
  return { statements, mistakes };
}

interface Read {
  readonly values: Readonly<Record<string, TomlValue>>;
  /** Where the next statement begins. */
  readonly next: number;
  readonly mistake?: SyntaxMistake;
}

function readStatement(lines: readonly string[], start: number): Read {
  const end = Math.min(start + longestStatement, lines.length);
  let first: TomlError | undefined;
  for (let next = start + 1; next <= end; next++) {
    const result = tryParse(lines.slice(start, next).join('\n'));
    if (!(result instanceof TomlError)) return { values: result, next };
    first ??= result;
    // More lines help only where a value is not closed yet.
    if (!isOpen(lines[start] as string)) break;
  }
  const message = reasonOf(first as TomlError);
  return { values: {}, next: start + 1, mistake: { line: start + 1, message } };
}

function tryParse(text: string): Readonly<Record<string, TomlValue>> | TomlError {
  try {
    return parse(text, { integersAsBigInt: true });
  } catch (error) {
    if (error instanceof TomlError) return error;
    throw error;
  }
}

function isOpen(line: string): boolean {
  return /=\s*(?:\[|"""|''')/u.test(line);
}

/** Below the reason, the library draws the place. */
function reasonOf({ message }: TomlError): string {
  return message.split('\n')[0]?.replace(/^Invalid TOML document: /u, '') ?? message;
}
