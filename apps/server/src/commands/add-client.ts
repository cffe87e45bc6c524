import { formatSize, type AuthorizedClient } from '@e2eeftp/server';

import { readClientKey } from '../client-key.js';
import { describeClient } from '../client-table.js';
import { clientsFile } from '../clients-file.js';
import { CommandFailure } from '../failure.js';
import { requireSettings, type Arguments } from '../settings/resolve.js';

/** What `authorize` is given. */
export interface AuthorizeArguments {
  readonly key: string;
  readonly rest: string[];
  readonly name: string | undefined;
  readonly access: AuthorizedClient['access'];
  readonly quota: number | undefined;
  readonly v1: boolean;
}

/**
 * Lets one more client in.
 *
 * @param given - the command line
 */
export async function addClient(given: Arguments & AuthorizeArguments): Promise<void> {
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
