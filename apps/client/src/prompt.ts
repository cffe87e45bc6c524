import { openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';

/** Where questions are asked, and answers typed. */
interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  close(): void;
}

/** @returns whether there is a person to ask */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * @param message - a question
 * @param signal - ends the wait
 * @returns whether the answer is yes; it has to be said
 */
export async function askYesOrNo(message: string, signal: AbortSignal): Promise<boolean> {
  const { default: confirm } = await import('@inquirer/confirm');
  return confirm({ message, default: false }, { ...standardTerminal, signal });
}

/**
 * @param message - a question
 * @param signal - ends the wait
 * @param options - what may be answered
 * @param options.usual - the answer when nothing is typed
 * @param options.check - says why an answer will not do; `true` when it will
 * @returns the answer
 */
export async function askText(
  message: string,
  signal: AbortSignal,
  { usual, check }: { usual?: string; check: (text: string) => true | string },
): Promise<string> {
  const { default: input } = await import('@inquirer/input');
  const question = { message, validate: check, ...(usual !== undefined && { default: usual }) };
  return input(question, { ...standardTerminal, signal });
}

/**
 * Asks for something that is not shown: at the terminal that the program was started from, also
 * when standard input is a file.
 *
 * @param message - a question
 * @param signal - ends the wait
 * @returns the answer; `undefined` when there is nobody to ask
 */
export async function askSecret(message: string, signal: AbortSignal): Promise<string | undefined> {
  const terminal = canAsk() ? standardTerminal : controllingTerminal();
  if (!terminal) return undefined;
  try {
    const { default: password } = await import('@inquirer/password');
    const { input, output } = terminal;
    return await password({ message }, { input, output, signal });
  } finally {
    terminal.close();
  }
}

/** Questions go to standard error, as standard output may be a file. */
const standardTerminal = {
  input: process.stdin,
  output: process.stderr,
  close: () => undefined,
};

function controllingTerminal(): Terminal | undefined {
  try {
    const input = new ReadStream(openSync('/dev/tty', 'r'));
    try {
      const output = new WriteStream(openSync('/dev/tty', 'w'));
      const close = (): void => {
        input.destroy();
        output.destroy();
      };
      return { input, output, close };
    } catch (error) {
      input.destroy();
      throw error;
    }
  } catch {
    // There is none, as under a service manager.
    return undefined;
  }
}
