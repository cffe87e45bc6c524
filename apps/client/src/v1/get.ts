import { ClientError } from '@e2eeftp/client';

import type { Invocation } from '../command.js';
import type { ExitCode } from '../exit-code.js';
import { localTarget, standardStream } from '../local-name.js';
import { makeV1Client } from './client.js';
import { noFolders, refuseOption } from './refuse-option.js';
import { transferEach } from './transfer-each.js';

interface GetOptions {
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
  const { output, signal } = invocation;
  const [remote = '', local] = invocation.args;
  if (local === standardStream) output.reserveStandardOutput();
  const client = await makeV1Client(invocation);
  // The name leads nowhere else: the client takes none with a separator, before it writes.
  const place = {
    local: local === undefined ? `downloaded_${remote}` : await localTarget(remote, local),
    remote,
  };
  const keeps = options['no-clobber'];
  return transferEach(output, 'received', [place], async (_place, onProgress) => {
    const target = place.local === standardStream ? process.stdout : place.local;
    const overwrite = keeps ? 'never' : 'always';
    try {
      const { size } = await client.get(remote, target, { overwrite, signal, onProgress });
      return { type: 'file', ...place, size };
    } catch (error) {
      const isKept = keeps && error instanceof ClientError && error.code === 'conflict';
      if (!isKept) throw error;
      return { type: 'skipped', ...place, reason: 'exists' };
    }
  });
}
