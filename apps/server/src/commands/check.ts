import type { CommandModule } from 'yargs';

import { jsonOption } from '../options.js';
import { settingOptions } from '../settings/resolve.js';
import { settingNames } from '../settings/table.js';
import type { CheckArguments } from './show-findings.js';

/** `check`: says what would keep a server from working, all of it, and changes nothing. */
export const check: CommandModule<object, CheckArguments> = {
  command: 'check',
  describe: 'Says what would keep the server from working, and changes nothing',
  builder: { json: jsonOption, ...settingOptions(settingNames) },
  handler: async (given) => (await import('./show-findings.js')).showFindings(given),
};
