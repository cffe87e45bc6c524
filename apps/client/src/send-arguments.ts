import { UsageError } from './failure.js';
import { standardStream } from './local-name.js';

/** What is to be sent where. */
export interface SendArguments {
  /** Local paths, or `-`. */
  readonly locals: readonly string[];
  /** Empty when the user gave none. */
  readonly remote: string;
}

/**
 * @param args - LOCAL... [REMOTE]
 * @param to - REMOTE, if all arguments are LOCAL
 * @returns which are which
 * @throws UsageError
 */
export function readSendArguments(args: readonly string[], to: string | undefined): SendArguments {
  const hasRemote = to === undefined && args.length > 1;
  const locals = hasRemote ? args.slice(0, -1) : args;
  const remote = to ?? (hasRemote ? (args.at(-1) ?? '') : '');
  if (locals.filter((local) => local === standardStream).length > 1) {
    throw new UsageError('Standard input can be sent only once');
  }
  return { locals, remote };
}
