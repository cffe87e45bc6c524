import { readFileSync } from 'node:fs';

import { helpFor, parseCommandLine, type Grammar } from './command-line.js';
import { programCommands, v1CommandNames } from './commands/program-commands.js';
import { exitCodes, type ExitCode } from './exit-code.js';
import { failureOf, isBrokenPipe, OutputClosedError, UsageError } from './failure.js';
import { Interruption } from './interruption.js';
import { Output } from './output.js';
import { soleWorkspace } from './workspace.js';

const grammar: Grammar = {
  scriptName: 'e2eeftp',
  usage: '$0 COMMAND\n\nSends files to a server and gets them back, end-to-end encrypted.',
  commands: programCommands,
  epilogue: `Every option can also be given as a variable: --no-clobber as E2EEFTP_NO_CLOBBER=1.
E2EEFTP_HOME is the folder with your identity, profiles and known servers.
Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 no connection, 4 not trusted
or not allowed, 5 not found, 6 conflict, 7 integrity, 130 interrupted.`,
  version: version(),
};

/**
 * Runs the program.
 *
 * @param argv - its arguments
 * @param environment - its variables
 * @returns its exit code
 */
export async function run(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ExitCode> {
  const interruption = new Interruption();
  let output = new Output({ json: false, quiet: false, verbose: false });
  let exitCode: ExitCode = exitCodes.done;
  let commandName: string | undefined;
  try {
    const parsed = await parseCommandLine(argv, grammar);
    if (parsed) {
      const { command, args, given } = parsed;
      commandName = command.name;
      const onOutput = (wanted: Output): void => {
        output = wanted;
      };
      const workspace = soleWorkspace;
      const v1Commands = v1CommandNames;
      const line = { args, given, environment, interruption, workspace, v1Commands, onOutput };
      exitCode = (await command.execute(line)) ?? exitCodes.done;
    }
  } catch (error) {
    exitCode = await report(error, output, commandName ?? argv[0]);
  }
  output.endProgress();
  // The server, or a disk, may still have something open that nobody waits for any more.
  if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
  interruption.stop();
  return exitCode;
}

async function report(
  error: unknown,
  output: Output,
  commandName: string | undefined,
): Promise<ExitCode> {
  if (error instanceof OutputClosedError) return exitCodes.done;
  // A file that was not written whole is a failure, though whoever ended the pipe knows it.
  if (isBrokenPipe(error)) return exitCodes.failed;
  const failure = failureOf(error);
  if (error instanceof UsageError) {
    const isCommand = programCommands.some(({ name }) => name === commandName);
    const words = isCommand && commandName !== undefined ? [commandName] : [];
    output.note(`${await helpFor(words, grammar)}\n`);
  }
  await output.failure(failure);
  return failure.exitCode;
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const manifest: unknown = JSON.parse(text);
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
