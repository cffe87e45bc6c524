import { formatSize, parseSize } from '@e2eeftp/server';
import type { CommandModule } from 'yargs';

import { readClientKey } from '../client-key.js';
import { describeClient } from '../client-table.js';
import { clientsFile } from '../clients-file.js';
import { CommandFailure, UsageError } from '../failure.js';
import { flag, fromEnvironment } from '../options.js';
import { requireSettings, settingOptions, type Arguments } from '../settings/resolve.js';

const accesses = ['rw', 'ro', 'wo', 'admin'] as const;

interface AuthorizeArguments {
  readonly key: string;
  readonly rest: string[];
  readonly name: string | undefined;
  readonly access: (typeof accesses)[number];
  readonly quota: number | undefined;
  readonly v1: boolean;
}

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
  handler: add,
};

async function add(given: Arguments & AuthorizeArguments): Promise<void> {
  const { key: first, rest, name, access, quota, v1 } = given;
  const { data } = await requireSettings(['data'], given);
  const { key, comment } = await readClientKey([first, ...rest].join(' '));
  const called = name === undefined ? comment : `name=${name}`;
  // A key alone on its line may come by the first generation: that is for `--v1` to say.
  const isPlain = access === 'rw' && (called !== '' || v1 || quota !== undefined);
  const bound = quota === undefined ? '' : `quota=${formatSize(quota)}`;
  const line = [key, called, isPlain ? '' : `access=${access}`, bound, v1 ? 'v1' : ''];
  const { client, isNew } = await clientsFile(data).add(line.filter(Boolean).join(' '));
  const isOther =
    client.access !== access ||
    (name !== undefined && client.name !== name) ||
    (quota !== undefined && client.quota !== quota) ||
    (v1 && client.v1 !== true);
  if (!isNew && isOther) {
    throw new CommandFailure(
      `The client was authorized before, otherwise (${describeClient(client)}); revoke it first`,
    );
  }
  const what = isNew ? 'Authorized' : 'Was authorized before';
  process.stdout.write(`${what}: ${describeClient(client)}\n`);
}

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
