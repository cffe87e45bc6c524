import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';

import { ClientError, type IdentityFileOptions } from '@e2eeftp/client';

import type { Invocation } from './command.js';
import { UsageError } from './failure.js';
import { askSecret } from './prompt.js';
import { shortText } from './short-text.js';

/** A passphrase is a line; whatever is much longer is something else. */
const maximumLength = 4096;
/** Bits of a mode by which others than the owner can do something. */
const accessOfOthers = 0o077;

/**
 * Says where the passphrase of the user's key comes from: the file or the program that the user
 * names, else the terminal. Never an argument or a variable, which other programs can see.
 *
 * @param invocation - what the user gave
 * @returns how to ask for it
 */
export function passphraseFor(
  invocation: Invocation,
): Required<Pick<IdentityFileOptions, 'passphrase'>> {
  return {
    passphrase: (path, attempt) => {
      const again = attempt > 1 ? 'That was not right. ' : '';
      return existing(invocation, path, `${again}Passphrase of ${path}:`);
    },
  };
}

/**
 * Asks for a passphrase that a key is to get: twice, where nobody sees what is typed.
 *
 * @param invocation - what the user gave
 * @param path - the key
 * @param file - a file with it, if the user names one
 * @returns it; never empty
 * @throws ClientError `bad-identity` when there is none
 */
export async function newPassphrase(
  invocation: Invocation,
  path: string,
  file: string | undefined,
): Promise<string> {
  const { askpass } = invocation.global;
  const { signal } = invocation;
  const question = `New passphrase of ${path}:`;
  if (file !== undefined) return notEmpty(await readPassphraseFile(file));
  if (askpass !== undefined) return notEmpty(await runAskpass(askpass, question, signal));
  for (;;) {
    const first = await askSecret(question, signal);
    if (first === undefined) {
      throw new ClientError(
        'bad-identity',
        `There is no terminal to ask for the new passphrase of ${path}; name a file with it, or a program that says it (--askpass)`,
      );
    }
    const second = await askSecret('The same again:', signal);
    if (first === second && first !== '') return first;
    invocation.output.note(
      first === '' ? 'The passphrase must not be empty' : 'They differ; once more',
    );
  }
}

async function existing(
  { global, signal }: Invocation,
  path: string,
  question: string,
): Promise<string> {
  const { askpass, 'passphrase-file': file } = global;
  if (askpass !== undefined && file !== undefined) {
    throw new UsageError('Give --askpass or --passphrase-file, not both');
  }
  if (file !== undefined) return readPassphraseFile(file);
  if (askpass !== undefined) return runAskpass(askpass, question, signal);
  const typed = await askSecret(question, signal);
  if (typed !== undefined) return typed;
  throw new ClientError(
    'bad-identity',
    `The key ${path} has a passphrase, and there is no terminal to ask for it; name a file with it (--passphrase-file), or a program that says it (--askpass)`,
  );
}

function notEmpty(passphrase: string): string {
  if (passphrase !== '') return passphrase;
  throw new ClientError('bad-identity', 'The new passphrase is empty; nothing was changed');
}

/** It may be a pipe: `/dev/fd/3`, or what the shell makes of `<(command)`. */
async function readPassphraseFile(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const stats = await file.stat();
      if (process.platform !== 'win32' && stats.isFile() && (stats.mode & accessOfOthers) !== 0) {
        throw new ClientError(
          'bad-identity',
          `The passphrase in ${path} can be read by others than you; run \`chmod 600 ${path}\``,
        );
      }
      return await firstLine(path, file.createReadStream({ autoClose: false }));
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof ClientError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError('bad-identity', `No passphrase can be read: ${reason}`, { cause });
  }
}

async function firstLine(path: string, chunks: AsyncIterable<Buffer>): Promise<string> {
  const text = await shortText(chunks, maximumLength);
  if (text !== undefined) return lineOf(text);
  throw new ClientError('bad-identity', `${path} holds no passphrase: it is too long`);
}

/** No shell is between: the program gets the question as its one argument, as with ssh. */
function runAskpass(program: string, question: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, [question], { signal, maxBuffer: maximumLength }, (error, stdout, stderr) => {
      process.stderr.write(stderr);
      if (!error) {
        resolve(lineOf(stdout));
      } else if (signal.aborted) {
        reject(new ClientError('aborted', 'The operation was cancelled', { cause: error }));
      } else {
        const { signal: end, code, message } = error;
        const reason = end ?? (typeof code === 'number' ? `exit code ${code}` : code) ?? message;
        reject(
          new ClientError(
            'bad-identity',
            `${program} gave no passphrase (${reason}); --askpass takes a program, without arguments`,
            { cause: error },
          ),
        );
      }
    });
  });
}

/** The end of the line is not part of it. */
function lineOf(text: string): string {
  return text.replace(/\r?\n$/u, '');
}
