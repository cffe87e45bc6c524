import { ClientError, parseRecoveryCode, VaultError, type Identity } from '@e2eeftp/client';

import type { Invocation } from './command.js';
import { askSecret } from './prompt.js';
import { shortText } from './short-text.js';

/** A code has 63 characters; whatever is much longer is something else. */
const maximumLength = 4096;
/** How often a code may be mistyped. */
const attempts = 5;

/**
 * Asks for a recovery code, where nobody sees what is typed; without a terminal it is what standard
 * input says.
 *
 * @param invocation - what the user gave
 * @returns whom it gives back
 * @throws ClientError `bad-identity` when it has mistakes
 */
export async function askRecoveryCode(invocation: Invocation): Promise<Identity> {
  const { output, signal, workspace } = invocation;
  if (!process.stdin.isTTY) return read(await wholeText(workspace.standardInput()));
  for (let attempt = 1; ; attempt++) {
    const typed = await askSecret('Recovery code:', signal);
    if (typed === undefined) {
      throw new ClientError('bad-identity', 'There is no terminal to ask for the recovery code');
    }
    try {
      return read(typed);
    } catch (error) {
      if (!(error instanceof ClientError) || attempt === attempts) throw error;
      output.note(error.message);
    }
  }
}

function read(text: string): Identity {
  try {
    return parseRecoveryCode(text);
  } catch (cause) {
    if (!(cause instanceof VaultError)) throw cause;
    throw new ClientError('bad-identity', cause.message, { cause });
  }
}

async function wholeText(chunks: AsyncIterable<Buffer>): Promise<string> {
  const text = await shortText(chunks, maximumLength);
  if (text === undefined) {
    throw new ClientError('bad-identity', 'Standard input holds no recovery code: it is too long');
  }
  if (text !== '') return text;
  throw new ClientError(
    'bad-identity',
    'Standard input is empty: give the recovery code there, or type it at a terminal',
  );
}
