import type { Invocation } from './command.js';
import { combineExitCodes, type ExitCode } from './exit-code.js';
import { endsEverything, failureOf } from './failure.js';

/**
 * Does something with each argument: one that fails does not stop the others.
 *
 * @param invocation - what the user gave
 * @param task - what to do
 * @returns the exit code for all of them
 * @throws what ends everything, such as a lost connection
 */
export async function forEachArgument(
  { args, output }: Invocation,
  task: (argument: string) => Promise<void>,
): Promise<ExitCode> {
  const codes: ExitCode[] = [];
  for (const argument of args) {
    try {
      await task(argument);
    } catch (error) {
      const failure = failureOf(error);
      if (endsEverything(failure)) throw error;
      codes.push(failure.exitCode);
      await output.failure(failure, { argument });
    }
  }
  return combineExitCodes(codes);
}
