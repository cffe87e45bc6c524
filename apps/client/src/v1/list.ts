import type { Invocation } from '../command.js';
import { UsageError } from '../failure.js';
import { makeV1Client } from './client.js';
import { noFolders, refuseOption } from './refuse-option.js';

interface ListOptions {
  readonly long: boolean;
  readonly human: boolean;
  readonly recursive: boolean;
}

/**
 * Lists a server's files over the first generation of the protocol.
 *
 * @param invocation - what the user gave
 * @param options - what the user gave for the command's options
 */
export async function listV1(invocation: Invocation, options: ListOptions): Promise<undefined> {
  const { args, output, signal } = invocation;
  refuseOption('recursive', options.recursive, noFolders);
  refuseOption('human', options.human, 'the first generation of the protocol tells no sizes');
  refuseOption('long', options.long, 'the first generation of the protocol lists names alone');
  if (args.length > 0) throw new UsageError(`"${args[0]}" cannot be listed: ${noFolders}`);
  const client = await makeV1Client(invocation);
  for (const path of await client.list({ signal })) {
    await output.result({ type: 'file', path }, [path]);
  }
  return undefined;
}
