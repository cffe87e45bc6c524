import { authorizedClientsName, fingerprint, printable } from '@e2eeftp/server';

import { formatClients } from '../client-table.js';
import { clientsFile } from '../clients-file.js';
import { requireSettings, type Arguments } from '../settings/resolve.js';

/** What `clients` is given. */
export interface ClientsArguments {
  readonly json: boolean;
}

/**
 * Shows who is let in, and which lines of the file grant nothing.
 *
 * @param given - the command line
 */
export async function showClients(given: Arguments & ClientsArguments): Promise<void> {
  const { json } = given;
  const { data } = await requireSettings(['data'], given);
  const { clients: known, invalid } = await clientsFile(data).read();
  if (json) {
    const facts = known.map(({ name = null, access, v1 = false, quota = null, identity }) => ({
      name,
      access,
      v1,
      quota,
      fingerprint: fingerprint(identity),
      key: Buffer.from(identity).toString('base64'),
    }));
    process.stdout.write(`${JSON.stringify({ clients: facts, invalid }, undefined, 2)}\n`);
  } else {
    process.stdout.write(formatClients(known));
  }
  for (const { line, reason } of invalid) {
    process.stderr.write(`${authorizedClientsName}:${line}: ${printable(reason)}\n`);
  }
  if (invalid.length > 0) process.exitCode = 1;
}
