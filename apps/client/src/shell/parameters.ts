import type { Command, ParameterKind } from '../command.js';

/** What says which arguments a command takes. */
type Usage = Pick<Command, 'usage' | 'wordKinds'>;

/** An argument that a command takes. */
export interface Parameter {
  /** What it names; nothing when it is something else. */
  readonly kind: ParameterKind | undefined;
  /** Whether it stands for several. */
  readonly isRepeated: boolean;
}

/** The words by which the help speaks of arguments that name something. */
const kindOfWord: Readonly<Record<string, ParameterKind>> = {
  COMMAND: 'command',
  FOLDER: 'local',
  FROM: 'either',
  LOCAL: 'local',
  REMOTE: 'remote',
  ROLE: 'role',
  SHELL: 'shell',
  TO: 'either',
  VAULT: 'vault',
  WHO: 'person',
};

/**
 * @param command - a command, whose usage says which arguments it takes
 * @returns its parameters
 */
export function parametersOf({ usage, wordKinds }: Usage): readonly Parameter[] {
  const words = usage.replaceAll(/\[--[^\]]*\]/gu, '');
  return [...words.matchAll(/([A-Z]+)\S*/gu)].map(([all, word = '']) => ({
    kind: wordKinds?.[word] ?? kindOfWord[word],
    isRepeated: all.includes('...'),
  }));
}

/**
 * Says what can stand at a place while the line is still being typed.
 *
 * @param command - a command
 * @param index - the place of an argument, counted from 0
 * @returns what it can name; several kinds when that depends on what follows
 */
export function kindsAt(command: Usage, index: number): ReadonlySet<ParameterKind> {
  const kinds = new Set<ParameterKind>();
  let isBehindRepeated = false;
  for (const [place, { kind, isRepeated }] of parametersOf(command).entries()) {
    const isHere = place === index || (place < index && (isRepeated || isBehindRepeated));
    if (kind !== undefined && isHere) kinds.add(kind);
    if (isRepeated) isBehindRepeated = true;
  }
  return kinds;
}

/**
 * Says which arguments of a whole line are which.
 *
 * @param command - a command
 * @param count - how many arguments it has
 * @param isAllRepeated - whether the optional ones behind a repeated one are not given
 * @returns the parameter of each; nothing for one too many
 */
export function parametersFor(
  command: Usage,
  count: number,
  isAllRepeated: boolean,
): readonly (Parameter | undefined)[] {
  const parameters = parametersOf(command);
  const repeated = parameters.findIndex(({ isRepeated }) => isRepeated);
  const behind = repeated === -1 || isAllRepeated ? 0 : parameters.length - repeated - 1;
  const given = Math.min(behind, Math.max(0, count - repeated - 1));
  return Array.from({ length: count }, (_, index) => {
    if (repeated === -1 || index < repeated) return parameters[index];
    const fromEnd = count - index;
    return fromEnd <= given ? parameters[repeated + 1 + given - fromEnd] : parameters[repeated];
  });
}
