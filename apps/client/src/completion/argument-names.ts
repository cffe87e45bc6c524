import type { ParameterKind } from '../command.js';
import { vaultActions } from '../commands/vault/vault-actions.js';
import { placeOf, type NamePlaces } from '../shell/expansion.js';
import type { Names } from '../shell/names.js';
import { kindsAt } from '../shell/parameters.js';
import { fixedWords } from './fixed-words.js';
import { wordNames, type KnownNames } from './known-names.js';

/** Where the names are that can be typed. */
export interface KnownPlaces extends NamePlaces {
  readonly known: Pick<KnownNames, 'people' | 'prefixes' | 'vaults'>;
}

/**
 * @param kinds - what an argument can name
 * @param text - what is typed of it
 * @param args - the arguments before it
 * @param places - where the names are
 * @returns where to look for names
 */
export function namesFor(
  kinds: ReadonlySet<ParameterKind>,
  text: string,
  args: readonly string[],
  places: KnownPlaces,
): readonly Names[] {
  return [...kinds].flatMap((kind) => namesOfKind(kind, text, args, places));
}

function namesOfKind(
  kind: ParameterKind,
  text: string,
  args: readonly string[],
  places: KnownPlaces,
): readonly Names[] {
  const { known, local, remote } = places;
  switch (kind) {
    case 'either':
      return [known.prefixes, places[placeOf(text)]];
    case 'local':
      return [local];
    case 'remote':
      return [known.prefixes, remote];
    case 'person':
      return [known.people];
    case 'vault':
      return [known.vaults];
    case 'role':
      return [wordNames(fixedWords.role)];
    case 'vault-argument':
      return namesFor(vaultKinds(args), text, [], places);
    case 'command':
    case 'shell':
    case 'vault-action':
      return [];
  }
}

/** What the next argument of an action can name. */
function vaultKinds([name, ...args]: readonly string[]): ReadonlySet<ParameterKind> {
  const action = Object.entries(vaultActions).find(([known]) => known === name)?.[1];
  return action ? kindsAt(action, args.length) : new Set();
}
