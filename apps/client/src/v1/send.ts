import type { TreePlace } from '@e2eeftp/client';

import type { Invocation } from '../command.js';
import type { ExitCode } from '../exit-code.js';
import { UsageError } from '../failure.js';
import { localKind, ownName, standardStream } from '../local-name.js';
import { readSendArguments } from '../send-arguments.js';
import { refuseTreeOptions, type TreeOptionValues } from '../tree-options.js';
import { makeV1Client } from './client.js';
import { noFolders, refuseOption } from './refuse-option.js';
import { transferEach } from './transfer-each.js';

/** The one folder that there is, in place of a name: each file keeps its own. */
const top = '/';

interface SendOptions extends TreeOptionValues {
  readonly to: string | undefined;
  readonly links: string | undefined;
  readonly 'no-clobber': boolean;
  readonly preserve: boolean;
  readonly recursive: boolean;
}

/**
 * Sends files over the first generation of the protocol.
 *
 * @param invocation - what the user gave
 * @param options - what the user gave for the command's options
 * @returns the exit code
 */
export async function sendV1(invocation: Invocation, options: SendOptions): Promise<ExitCode> {
  refuseOption('recursive', options.recursive, noFolders);
  refuseOption('links', options.links !== undefined, noFolders);
  refuseOption('preserve', options.preserve, 'a file has no time and no permissions there');
  refuseTreeOptions(options);
  refuseOption(
    'no-clobber',
    options['no-clobber'],
    'the first generation of the protocol always replaces a file that is there',
  );
  const { locals, remote } = readSendArguments(invocation.args, options.to);
  const places = await plan(locals, remote === '' ? top : remote);
  const client = await makeV1Client(invocation);
  const { output, signal, workspace } = invocation;
  return transferEach(output, 'sent', places, async (place, onProgress) => {
    const source = place.local === standardStream ? workspace.standardInput() : place.local;
    const { size } = await client.send(source, place.remote, { signal, onProgress });
    return { type: 'file', ...place, size };
  });
}

async function plan(locals: readonly string[], remote: string): Promise<TreePlace[]> {
  if (locals.length > 1 && remote !== top) {
    throw new UsageError(
      `Several files cannot go to "${remote}": ${noFolders}. With "${top}" in its place, each keeps its own name`,
    );
  }
  const places = new Map<string, TreePlace>();
  for (const local of locals) {
    if ((await localKind(local)) === 'directory') {
      throw new UsageError(`${local} cannot be sent: ${noFolders}`);
    }
    const name = remote === top ? ownName(local) : remote;
    if (places.has(name)) throw new UsageError(`Two of the arguments would become ${name}`);
    places.set(name, { local, remote: name });
  }
  return [...places.values()];
}
