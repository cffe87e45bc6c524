import type { RemoteTree } from '@e2eeftp/client';

import type { Output } from './output.js';

/**
 * Says that permissions are lost, where the user wants them kept and the server cannot.
 *
 * @param tree - where the files are
 * @param output - where to tell
 * @param isWanted - whether the user wants them kept
 */
export async function notePermissions(
  { keepsPermissions }: RemoteTree,
  output: Output,
  isWanted: boolean,
): Promise<void> {
  if (!isWanted || keepsPermissions) return;
  await output.event(
    { type: 'notice', code: 'permissions-not-kept' },
    'The server does not keep permissions; files come without them',
  );
}
