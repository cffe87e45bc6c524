import type { CommandModule } from 'yargs';

import { settingOptions } from '../settings/resolve.js';
import type { RevokeArguments } from './remove-client.js';

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
  handler: async (given) => (await import('./remove-client.js')).removeClient(given),
};
