import { createInterface } from 'node:readline';

import type { Invocation } from '../command.js';
import { combineExitCodes, exitCodes, type ExitCode } from '../exit-code.js';
import type { LineRunner } from './line-runner.js';

/**
 * Runs the lines of standard input.
 *
 * @param runner - runs a line
 * @param invocation - the shell's
 * @param keepsGoing - whether a line that fails does not stop the others
 * @returns the exit code of the line that failed, or of all that did
 */
export async function runScript(
  runner: LineRunner,
  { interruption, output, signal }: Invocation,
  keepsGoing: boolean,
): Promise<ExitCode> {
  // A character for each byte: newer versions of Node end a line also at separators of Unicode, which
  // a name may hold, and whoever gave it that name would have a command run.
  process.stdin.setEncoding('latin1');
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  const abort = (): void => {
    lines.close();
  };
  signal.addEventListener('abort', abort);
  const codes: ExitCode[] = [];
  let number = 0;
  try {
    for await (const bytes of lines) {
      const line = Buffer.from(bytes, 'latin1').toString();
      number += 1;
      const exitCode = await runner.run(line, interruption);
      codes.push(exitCode);
      if (runner.isOver || signal.aborted) break;
      if (exitCode === exitCodes.done || keepsGoing) continue;
      const fields = { type: 'stopped', line: number, text: line, exitCode };
      await output.event(fields, `Stopped at line ${number}: ${line}`);
      break;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    lines.close();
  }
  return signal.aborted ? exitCodes.interrupted : combineExitCodes(codes);
}
