import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import type { CommandWords } from '../settings/kinds.js';
import { HookFailure } from './hook-failure.js';
import type { UploadEvent } from './upload-event.js';

/** Characters of what a failed program has said that go into the log: the last ones. */
const keptWords = 1000;
/** Milliseconds for the last words of a program that has ended. */
const lastWordsPatience = 500;

/** What the server was told about itself, and what a program must not mistake for its own. */
const ownVariable = /^(?:E2EEFTP_|LISTEN_|WATCHDOG_|NOTIFY_SOCKET$)/u;

/**
 * Runs a program, and tells it of an upload.
 *
 * No shell reads anything, and the arguments are the operator's alone: a name that a client chose
 * is in variables and on standard input, where it can be neither a command nor an option.
 *
 * @param words - the program and its arguments
 * @param event - what it is told
 * @param signal - ends it, and all that it has started
 * @throws HookFailure when it cannot be run or does not exit with 0
 */
export async function runCommand(
  [program, ...args]: CommandWords,
  event: UploadEvent,
  signal: AbortSignal,
): Promise<void> {
  const child = start(program, args, event);
  const end = (): void => {
    killAll(child);
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    if (signal.aborted) end();
    const said = collect(child);
    child.stdin?.on('error', () => {
      // It need not read what it is told.
    });
    child.stdin?.end(`${JSON.stringify(event)}\n`);
    const how = await exitOf(child);
    if (how !== 0) {
      const words = await said();
      const reason = signal.aborted ? 'it did not end in time' : describeExit(how);
      throw new HookFailure(words === '' ? reason : `${reason}; it said: ${words}`);
    }
  } finally {
    signal.removeEventListener('abort', end);
    child.stderr?.destroy();
  }
}

function start(program: string, args: readonly string[], event: UploadEvent): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !ownVariable.test(name));
  const env = {
    ...Object.fromEntries(inherited),
    E2EEFTP_ID: event.id,
    E2EEFTP_PATH: event.path,
    E2EEFTP_FILE: event.file,
    E2EEFTP_SIZE: `${event.size}`,
    E2EEFTP_CLIENT: event.client,
    E2EEFTP_CLIENT_NAME: event.name ?? '',
  };
  try {
    // A group of its own, so that what it has started can be ended with it.
    return spawn(program, args, { env, stdio: ['pipe', 'ignore', 'pipe'], detached: true });
  } catch (cause) {
    throw new HookFailure('it could not be started', { cause });
  }
}

/** Keeps the end of what a program says, whatever its amount. */
function collect({ stderr }: ChildProcess): () => Promise<string> {
  let said = '';
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-keptWords);
  });
  return async () => {
    // What it has left behind may keep the pipe open.
    if (stderr?.closed === false) {
      await Promise.race([
        once(stderr, 'close'),
        delay(lastWordsPatience, undefined, { ref: false }),
      ]);
    }
    return said.trim();
  };
}

function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new HookFailure(`it could not be started (${cause.message})`, { cause }));
    });
    child.once('exit', (code, killer) => {
      resolve(code ?? killer ?? 'for an unknown reason');
    });
  });
}

function describeExit(how: number | string): string {
  return typeof how === 'number' ? `it exited with ${how}` : `it was ended by ${how}`;
}

function killAll(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
