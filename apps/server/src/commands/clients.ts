import type { CommandModule } from 'yargs';

import { jsonOption } from '../options.js';
import { settingOptions } from '../settings/resolve.js';
import type { ClientsArguments } from './show-clients.js';

/** `clients`: shows who is let in, and which lines of the file grant nothing. */
export const clients: CommandModule<object, ClientsArguments> = {
  command: 'clients',
  describe: 'Shows who is let in',
  builder: {
    json: jsonOption,
    ...settingOptions(['data']),
  },
  handler: async (given) => (await import('./show-clients.js')).showClients(given),
};
