import { parseSize } from '@e2eeftp/server';
import type { CommandModule } from 'yargs';

import { UsageError } from '../failure.js';
import { flag, fromEnvironment } from '../options.js';
import { settingOptions } from '../settings/resolve.js';
import type { AuthorizeArguments } from './add-client.js';

const accesses = ['rw', 'ro', 'wo', 'admin'] as const;

/** `authorize`: lets one more client in. */
export const authorize: CommandModule<object, AuthorizeArguments> = {
  command: 'authorize <key> [rest..]',
  describe: 'Lets a client in',
  builder: (yargs) =>
    yargs
      .positional('key', {
        type: 'string',
        demandOption: true,
        describe:
          'Public key as base64 or as an OpenSSH line, a file whose first line it is, or - for standard input',
      })
      .positional('rest', {
        type: 'string',
        array: true,
        default: [],
        defaultDescription: 'nothing',
        describe: 'What follows in an OpenSSH line that is not in quotes',
      })
      .options({
        name: fromEnvironment('name', {
          type: 'string',
          requiresArg: true,
          describe: 'What to call the client; by default the comment of its key',
          coerce: checkName,
        }),
        access: fromEnvironment('access', {
          choices: accesses,
          default: 'rw' as const,
          requiresArg: true,
          describe: 'rw: all files; ro: read; wo: send without seeing; admin: all and manage',
        }),
        quota: fromEnvironment('quota', {
          type: 'string',
          requiresArg: true,
          describe: 'Bytes that it may have, such as 20GB; by default as many as there is room for',
          coerce: checkQuota,
        }),
        v1: flag('v1', "Let it come by the protocol's first generation too, where that is served"),
        ...settingOptions(['data']),
      }),
  handler: async (given) => (await import('./add-client.js')).addClient(given),
};

function checkQuota(text: string | undefined): number | undefined {
  const quota = text === undefined ? undefined : parseSize(text);
  if (text !== undefined && quota === undefined) {
    throw new UsageError('--quota must be a size such as 20GB or 512MiB; a plain number is bytes');
  }
  return quota;
}

function checkName(name: string | undefined): string | undefined {
  if (name !== undefined && !/^[^\s\p{C}]{1,100}$/u.test(name)) {
    throw new UsageError('--name must be one word of up to 100 characters');
  }
  return name;
}
