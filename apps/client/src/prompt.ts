import { ClientError } from '@e2eeftp/client';

/** Questions go to standard error, as standard output may be a file. */
const context = { output: process.stderr };

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
  const { confirm } = await import('@inquirer/prompts');
  return confirm({ message, default: false }, { ...context, signal });
}

/**
 * @param path - a private key file
 * @param signal - ends the wait
 * @returns its passphrase
 */
export async function askPassphrase(path: string, signal: AbortSignal): Promise<string> {
  if (!canAsk()) {
    throw new ClientError(
      'bad-identity',
      `The key ${path} has a passphrase, and there is no terminal to ask for it`,
    );
  }
  const { password } = await import('@inquirer/prompts');
  return password({ message: `Passphrase of ${path}:` }, { ...context, signal });
}
