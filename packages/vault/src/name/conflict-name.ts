import { base32nopad } from '@scure/base';

/** What is known of an entry of a conflict. */
export interface ConflictFacts {
  /** What its sender is called. */
  readonly sender?: string | undefined;
  /** When its content was last changed, in milliseconds since 1970. */
  readonly mtime?: number;
}

/**
 * Gives the names by which an entry can be shown whose own name another one bears.
 *
 * @param name - the name that both have
 * @param id - the id of the entry that gives way
 * @param facts - what is known of the entry, of files whose metadata was read
 * @returns names in the order of preference; every one is a valid component, and there is no end
 */
export function* conflictNames(
  name: string,
  id: Uint8Array,
  { sender, mtime }: ConflictFacts,
): Generator<string, never> {
  const time = mtime === undefined ? undefined : formatTime(mtime);
  if (sender !== undefined && time !== undefined) yield `${name} (conflict, ${sender}, ${time})`;
  const text = base32nopad.encode(id).toLowerCase();
  yield `${name} (conflict, ${text})`;
  for (let count = 2; ; count++) yield `${name} (conflict, ${text}, ${count})`;
}

/** In UTC, so that all members see one name; with points, since some systems forbid colons. */
function formatTime(milliseconds: number): string | undefined {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return undefined;
  return `${date.toISOString().slice(0, -5).replace('T', ' ').replaceAll(':', '.')} UTC`;
}
