import { authorizedClientsName, fingerprint, printable } from '@e2eeftp/server';
import type { CommandModule } from 'yargs';

import { formatClients } from '../client-table.js';
import { clientsFile } from '../clients-file.js';
import { jsonOption } from '../options.js';
import { requireSettings, settingOptions, type Arguments } from '../settings/resolve.js';

interface ClientsArguments {
  readonly json: boolean;
}

/** `clients`: shows who is let in, and which lines of the file grant nothing. */
export const clients: CommandModule<object, ClientsArguments> = {
  command: 'clients',
  describe: 'Shows who is let in',
  builder: {
    json: jsonOption,
    ...settingOptions(['data']),
  },
  handler: show,
};

async function show(given: Arguments & ClientsArguments): Promise<void> {
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
