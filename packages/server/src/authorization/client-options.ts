import { parsePath, printable, ProtocolError, type Access } from '@e2eeftp/protocol';

import { parseSize } from '../size.js';
import type { AuthorizedClient } from './authorizer.js';

/** What stands behind a client's key. */
export type ClientOptions = Omit<AuthorizedClient, 'identity'>;

const accesses: ReadonlySet<string> = new Set<Access>(['rw', 'ro', 'wo', 'admin']);
const option = /^([^=]*)=(.*)$/u;
/** A date, or a date and a time with its zone (RFC 3339). */
const moment = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/u;
const dayLength = 24 * 60 * 60 * 1000;

/** Marks a key that may come by the first generation of the protocol. */
const v1Word = 'v1';

type Parser = (value: string) => Partial<ClientOptions> | undefined;

const parsers: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ['name', (value) => (value === '' ? undefined : { name: value })],
  ['access', (value) => (isAccess(value) ? { access: value } : undefined)],
  ['home', parseHome],
  ['quota', parseQuota],
  ['expires', parseExpiry],
]);

/**
 * Reads what stands behind a key: words such as `access=ro`, and words that are no options, which
 * are the key's comment and serve as the name.
 *
 * @param words - the words
 * @param isBare - whether the key stands as the first generation's servers have it
 * @returns the options, or the reason why the line grants nothing
 */
export function parseClientOptions(
  words: readonly string[],
  isBare: boolean,
): ClientOptions | string {
  const comment: string[] = [];
  const seen = new Set<string>();
  let options: Partial<ClientOptions> = {};
  for (const word of words) {
    const [, key, value = ''] = option.exec(word) ?? [];
    if (word === v1Word) {
      options = { ...options, v1: true };
    } else if (key === undefined) {
      comment.push(word);
    } else {
      const parsed = seen.has(key) ? undefined : parsers.get(key)?.(value);
      if (!parsed) {
        return `The option "${printable(word)}" is not known, not valid or given twice`;
      }
      seen.add(key);
      options = { ...options, ...parsed };
    }
  }
  const { name = comment.join(' '), access = 'rw', v1 = isBare, ...rest } = options;
  // It is shown at terminals and in logs, and may come from the comment of somebody else's key.
  return { name: printable(name) || undefined, access, v1, ...rest };
}

function isAccess(value: string): value is Access {
  return accesses.has(value);
}

function parseHome(value: string): Partial<ClientOptions> | undefined {
  try {
    const path = parsePath(`received/${value}`);
    return { home: path };
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function parseQuota(value: string): Partial<ClientOptions> | undefined {
  const quota = parseSize(value);
  return quota === undefined ? undefined : { quota };
}

/** A date alone is the last day on which the key is good, in UTC. */
function parseExpiry(value: string): Partial<ClientOptions> | undefined {
  const [, date, time] = moment.exec(value) ?? [];
  if (date === undefined) return undefined;
  const day = Date.parse(date);
  const expires = time === undefined ? day + dayLength : Date.parse(value);
  if (Number.isNaN(day) || Number.isNaN(expires)) return undefined;
  // Date.parse takes the 31st of June for the 1st of July.
  return new Date(day).toISOString().startsWith(date) ? { expires } : undefined;
}
