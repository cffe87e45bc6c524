import { base32nopad } from '@scure/base';

/**
 * Gives the names by which an entry can be shown whose own name another one bears.
 *
 * @param name - the name that both have
 * @param id - the id of the entry that gives way
 * @param facts - what is known of the entry, of files whose metadata was read
 * @param facts.sender - who wrote it
 * @param facts.written - when, in milliseconds since 1970
 * @returns names in the order of preference; every one is a valid component, and there is no end
 */
export function* conflictNames(
  name: string,
  id: Uint8Array,
  { sender, written }: { readonly sender?: string; readonly written?: number },
): Generator<string, never> {
  const time = written === undefined ? undefined : formatTime(written);
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
