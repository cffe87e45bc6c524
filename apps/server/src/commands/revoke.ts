import type { CommandModule } from 'yargs';

import { describeClient } from '../client-table.js';
import { clientsFile } from '../clients-file.js';
import { CommandFailure } from '../failure.js';
import { requireSettings, settingOptions, type Arguments } from '../settings/resolve.js';

interface RevokeArguments {
  readonly which: string[];
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
      .options(settingOptions(['data'])),
  handler: remove,
};

async function remove(given: Arguments & RevokeArguments): Promise<void> {
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
