import { mkdir } from 'node:fs/promises';

import { ClientError } from '@e2eeftp/client';

import type { Invocation } from '../command.js';
import type { ExitCode } from '../exit-code.js';
import { localTarget, standardStream } from '../local-name.js';
import { refuseTreeOptions, type TreeOptionValues } from '../tree-options.js';
import { makeV1Client } from './client.js';
import { noFolders, refuseOption } from './refuse-option.js';
import { transferEach } from './transfer-each.js';

interface GetOptions extends TreeOptionValues {
  readonly 'no-clobber': boolean;
  readonly preserve: boolean;
  readonly recursive: boolean;
}

/**
 * Receives a file over the first generation of the protocol.
 *
 * @param invocation - what the user gave
 * @param options - what the user gave for the command's options
 * @returns the exit code
 */
export async function getV1(invocation: Invocation, options: GetOptions): Promise<ExitCode> {
  refuseOption('recursive', options.recursive, noFolders);
  refuseOption(
    'preserve',
    options.preserve,
    'the first generation of the protocol says nothing of times',
  );
  refuseTreeOptions(options);
  const { output, signal } = invocation;
  const [remote = '', local] = invocation.args;
  if (local === standardStream) output.reserveStandardOutput();
  const client = await makeV1Client(invocation);
  // The name leads nowhere else: the client takes none with a separator, before it writes.
  const target = local === undefined ? `downloaded_${remote}` : await fileTarget(remote, local);
  const place = { local: target, remote };
  const keeps = options['no-clobber'];
  return transferEach(output, 'received', [place], async (_place, onProgress) => {
    const sink = place.local === standardStream ? process.stdout : place.local;
    const overwrite = keeps ? 'never' : 'always';
    try {
      const { size } = await client.get(remote, sink, { overwrite, signal, onProgress });
      return { type: 'file', ...place, size };
    } catch (error) {
      const isKept = keeps && error instanceof ClientError && error.code === 'conflict';
      if (!isKept) throw error;
      return { type: 'skipped', ...place, reason: 'exists' };
    }
  });
}

async function fileTarget(remote: string, local: string): Promise<string> {
  if (local.endsWith('/')) await mkdir(local, { recursive: true });
  return localTarget(remote, local, () => Promise.resolve(false));
}
