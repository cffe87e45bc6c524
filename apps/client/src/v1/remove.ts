import type { Invocation } from '../command.js';
import { forEachArgument } from '../each-argument.js';
import type { ExitCode } from '../exit-code.js';
import { makeV1Client } from './client.js';
import { noFolders, refuseOption } from './refuse-option.js';

/**
 * Removes files over the first generation of the protocol.
 *
 * @param invocation - what the user gave
 * @param options - what the user gave for the command's options
 * @returns the exit code
 */
export async function removeV1(
  invocation: Invocation,
  options: { readonly recursive: boolean; readonly 'dry-run': boolean },
): Promise<ExitCode> {
  refuseOption('recursive', options.recursive, noFolders);
  refuseOption('dry-run', options['dry-run'], 'nothing can be asked there beforehand');
  const { output, signal } = invocation;
  const client = await makeV1Client(invocation);
  return forEachArgument(invocation, async (path) => {
    await client.remove(path, { signal });
    await output.event({ type: 'removed', path }, `Removed ${path}`);
  });
}
