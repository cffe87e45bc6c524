import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A program of this folder's `child/` in a process of its own. */
export interface Child {
  /** Waits for its next line; nothing once it has ended. */
  nextLine(): Promise<string | undefined>;
  /** Sends it a line. */
  say(line: string): void;
  /** Kills it as `kill -9` does, and waits for its end. */
  kill(): Promise<void>;
}

/**
 * Starts a program and waits for its line `ready`.
 *
 * @param wrapper - a command that starts it, with that command's arguments
 */
export async function startChild(
  name: string,
  args: readonly string[],
  wrapper: readonly string[] = [],
): Promise<Child> {
  const program = fileURLToPath(new URL(`child/${name}`, import.meta.url));
  const [command, ...rest] = [...wrapper, process.execPath, program, ...args] as [string];
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const lines: AsyncIterator<string, undefined> = createInterface({ input: child.stdout })[
    Symbol.asyncIterator
  ]();
  const nextLine = async (): Promise<string | undefined> => (await lines.next()).value;
  const say = (line: string): void => {
    child.stdin.write(`${line}\n`);
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await closed;
  };
  if ((await nextLine()) === 'ready') return { nextLine, say, kill };
  await kill();
  throw new Error(`${name} did not start`);
}
