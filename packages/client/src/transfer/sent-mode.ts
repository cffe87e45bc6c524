import { ClientError } from '../errors.js';
import type { SendOptions } from '../options.js';
import type { OpenSource } from './open-source.js';
import type { TransferContext } from './transfer-context.js';

/**
 * What a file happens to have is no reason not to send it; what was asked for is one.
 *
 * @param context - knows what the server keeps
 * @param source - what is sent
 * @param options - which permissions the caller wants
 * @returns the permission bits to send, if any
 * @throws ClientError `bad-request` when the server keeps none, and some were asked for
 */
export function sentMode(
  { keepsPermissions }: TransferContext,
  source: Pick<OpenSource, 'mode'>,
  { mode, preserveMode = false }: Pick<SendOptions, 'mode' | 'preserveMode'>,
): number | undefined {
  if (mode === undefined && !preserveMode) return undefined;
  if (keepsPermissions) return mode ?? source.mode;
  if (mode === undefined) return undefined;
  throw new ClientError('bad-request', 'The server does not keep permissions; send without `mode`');
}
