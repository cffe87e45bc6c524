import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A program of this folder's `child/` in a process of its own. */
export interface Child {
  /** Waits for its next line; nothing once it has ended. */
  nextLine(): Promise<string | undefined>;
  /** Kills it, and waits for its end. */
  kill(): Promise<void>;
}

/**
 * @param wrapper - a command that starts the program, with that command's arguments
 * @param own - the program's arguments
 */
export function startChild(
  name: string,
  wrapper: readonly string[] = [],
  own: readonly string[] = [],
): Child {
  const program = fileURLToPath(new URL(`child/${name}`, import.meta.url));
  const [command, ...args] = [...wrapper, process.execPath, program, ...own] as [string, string];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const lines: AsyncIterator<string, undefined> = createInterface({ input: child.stdout })[
    Symbol.asyncIterator
  ]();
  return {
    nextLine: async () => (await lines.next()).value,
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
