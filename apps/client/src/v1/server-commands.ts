import type { Invocation } from '../command.js';
import { makeV1Client } from './client.js';

/**
 * Lists what a server can do, over the first generation of the protocol.
 *
 * @param invocation - what the user gave
 */
export async function commandsV1(invocation: Invocation): Promise<undefined> {
  const { output, signal } = invocation;
  const client = await makeV1Client(invocation);
  for (const name of await client.commands({ signal })) {
    await output.result({ type: 'command', name }, [name]);
  }
  return undefined;
}
