import { authorizedClientsName, fingerprint, printable } from '@e2eeftp/server';
import type { CommandModule } from 'yargs';

import { formatClients } from '../client-table.js';
import { clientsFile } from '../clients-file.js';
import { dataOption, jsonOption } from '../options.js';

interface ClientsArguments {
  readonly json: boolean;
  readonly data: string;
}

/** `clients`: shows who is let in, and which lines of the file grant nothing. */
export const clients: CommandModule<object, ClientsArguments> = {
  command: 'clients',
  describe: 'Shows who is let in',
  builder: {
    json: jsonOption,
    data: dataOption,
  },
  handler: show,
};

async function show({ json, data }: ClientsArguments): Promise<void> {
  const { clients: known, invalid } = await clientsFile(data).read();
  if (json) {
    const facts = known.map(({ name = null, access, v1 = false, identity }) => ({
      name,
      access,
      v1,
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
