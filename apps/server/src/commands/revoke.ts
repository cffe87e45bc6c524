import type { CommandModule } from 'yargs';

import { describeClient } from '../client-table.js';
import { clientsFile } from '../clients-file.js';
import { CommandFailure } from '../failure.js';
import { dataOption } from '../options.js';

interface RevokeArguments {
  readonly which: string[];
  readonly data: string;
}

/** `revoke`: lets a client in no longer. */
export const revoke: CommandModule<object, RevokeArguments> = {
  command: 'revoke <which..>',
  describe: 'Lets a client in no longer',
  builder: (yargs) =>
    yargs
      .positional('which', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Its fingerprint, its key or its name',
      })
      .options({ data: dataOption }),
  handler: remove,
};

async function remove({ which: words, data }: RevokeArguments): Promise<void> {
  const which = words.join(' ');
  const [client] = await clientsFile(data).remove(which);
  if (!client) {
    throw new CommandFailure(
      `No client is called "${which}"; \`e2eeftp-server clients\` shows who there is`,
    );
  }
  process.stdout.write(`Revoked: ${describeClient(client)}\n`);
}
