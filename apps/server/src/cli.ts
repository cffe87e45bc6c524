import { readFileSync } from 'node:fs';

import yargs from 'yargs';

import { authorize } from './commands/authorize.js';
import { check } from './commands/check.js';
import { clients } from './commands/clients.js';
import { revoke } from './commands/revoke.js';
import { start } from './commands/start.js';
import { describeFailure, UsageError } from './failure.js';
import { standardInput } from './options.js';

/** Words that yargs would lose, or fill with the default or with the word behind them. */
const spelledOut: ReadonlyMap<string, string> = new Map([
  ['-', standardInput],
  ['--allow-v1', '--allow-v1=all'],
]);

/**
 * Runs the program.
 *
 * @param args - what stands behind its name
 * @returns the exit code: 0 done, 1 failed, 2 not understood
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await yargs(args.map((word) => spelledOut.get(word) ?? word))
      .scriptName('e2eeftp-server')
      .usage('$0 <command>\n\nServes files to those who are authorized.')
      .command(start)
      .command(authorize)
      .command(revoke)
      .command(clients)
      .command(check)
      .epilogue(
        'Each option can be given as a variable too, such as E2EEFTP_SERVER_PORT for --port, and each setting of the server in the configuration file.',
      )
      .version(version())
      .help()
      .locale('en')
      .strict()
      .exitProcess(false)
      .fail(fail)
      .parseAsync();
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    const { message, exitCode } = describeFailure(error);
    process.stderr.write(`e2eeftp-server: ${message}\n`);
    return exitCode;
  }
}

/** What yargs finds wrong comes as a message; what a command throws comes as it is. */
function fail(message: string | null, error: Error | undefined): never {
  if (error && error.name !== 'YError') throw error;
  throw new UsageError(message ?? error?.message ?? 'This cannot be understood');
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
