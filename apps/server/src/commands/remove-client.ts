import { describeClient } from '../client-table.js';
import { clientsFile } from '../clients-file.js';
import { CommandFailure } from '../failure.js';
import { requireSettings, type Arguments } from '../settings/resolve.js';

/** What `revoke` is given. */
export interface RevokeArguments {
  readonly which: string[];
}

/**
 * Lets a client in no longer.
 *
 * @param given - the command line
 */
export async function removeClient(given: Arguments & RevokeArguments): Promise<void> {
  const which = given.which.join(' ');
  const { data } = await requireSettings(['data'], given);
  const [client] = await clientsFile(data).remove(which);
  if (!client) {
    throw new CommandFailure(
      `No client is called "${which}"; \`e2eeftp-server clients\` shows who there is`,
    );
  }
  process.stdout.write(`Revoked: ${describeClient(client)}\n`);
}
