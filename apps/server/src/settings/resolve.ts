import { ConfigurationFailure, UsageError } from '../failure.js';
import { BadValue } from './kind.js';
import { describeMistake, type Mistake } from './mistake.js';
import { settingsTable, variableOf, type SettingName, type Settings } from './table.js';

/** What yargs has found on the command line. */
export type Arguments = Readonly<Record<string, unknown>>;

/** What the operator has said, all sources taken together. */
export interface Resolution<Name extends SettingName> {
  /** What counts; the default where there is a mistake. */
  readonly settings: Pick<Settings, Name>;
  readonly mistakes: readonly Mistake[];
  /** The configuration file, if there is one. */
  readonly file: string | undefined;
}

const configOption = textOption('Configuration file, in TOML [FILE]', 'none', true);

/**
 * @param names - settings that a command knows
 * @returns their options and the one that names the configuration file, for yargs
 */
export function settingOptions<Name extends SettingName>(
  names: readonly Name[],
): Readonly<Record<Name | 'config', TextOption>> {
  const options = names.map((name) => {
    const { kind, shownDefault, summary } = settingsTable[name];
    const needsValue = kind.standsAlone !== true;
    return [name, textOption(`${summary} [${kind.form}]`, shownDefault, needsValue)] as const;
  });
  const all = { config: configOption, ...Object.fromEntries(options) };
  return all as Readonly<Record<Name | 'config', TextOption>>;
}

/**
 * Finds out what the operator wants: an argument counts more than a variable, that more than the
 * configuration file, and that more than the default.
 *
 * @param names - settings that matter; values of others are not told of when they are wrong
 * @param given - the command line
 * @returns the settings, and all that is wrong with them
 */
export async function resolveSettings<Name extends SettingName>(
  names: readonly Name[],
  given: Arguments,
): Promise<Resolution<Name>> {
  const mistakes: Mistake[] = [];
  const file = textOf(given['config']) ?? textOf(process.env[variableOf('config')]);
  const ofFile =
    file === undefined
      ? undefined
      : await (await import('./settings-file.js')).readSettingsFile(file);
  const read = (name: Name, source: Mistake['source'], text: unknown): Given | undefined => {
    if (typeof text !== 'string') return undefined;
    const { kind } = settingsTable[name];
    try {
      if (text === '' && kind.standsAlone !== true) throw new BadValue('needs a value');
      return { value: kind.parse(text) };
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      const shown = source === 'argument' ? `--${name}` : variableOf(name);
      mistakes.push({ source, setting: name, message: `${shown} ${error.message}` });
      return undefined;
    }
  };
  const settings = names.map((name) => {
    // `--no-` and the name of an option that can be off.
    const argument = given[name] === false ? 'off' : given[name];
    const called =
      typeof argument === 'string'
        ? read(name, 'argument', argument)
        : read(name, 'variable', textOf(process.env[variableOf(name)]));
    const { value } = called ?? ofFile?.values.get(name) ?? defaultOf(name);
    return [name, value];
  });
  const isOurs = ({ setting }: Mistake): boolean =>
    setting === undefined || names.some((name) => name === setting);
  mistakes.push(...(ofFile?.mistakes.filter(isOurs) ?? []));
  // Each value comes from the kind that the table has for its name.
  return { settings: Object.fromEntries(settings) as Pick<Settings, Name>, mistakes, file };
}

/**
 * @param names - settings that matter
 * @param given - the command line
 * @returns the settings
 * @throws UsageError when an argument or a variable is wrong, ConfigurationFailure when the
 *   configuration file is
 */
export async function requireSettings<Name extends SettingName>(
  names: readonly Name[],
  given: Arguments,
): Promise<Pick<Settings, Name>> {
  const { settings, mistakes } = await resolveSettings(names, given);
  const called = mistakes.find(({ source }) => source !== 'file');
  if (called) throw new UsageError(called.message);
  if (mistakes.length > 0) throw new ConfigurationFailure(mistakes.map(describeMistake));
  return settings;
}

type TextOption = ReturnType<typeof textOption>;

/** What was written is read later, when all sources are known. */
function textOption(describe: string, defaultDescription: string, requiresArg: boolean) {
  return { type: 'string', describe, defaultDescription, requiresArg, coerce: lastOf } as const;
}

/** A value that somebody has given; it can be that there is to be none. */
interface Given {
  readonly value: unknown;
}

function defaultOf(name: SettingName): Given {
  const { kind, default: initial } = settingsTable[name];
  return { value: initial === undefined ? undefined : kind.parse(initial) };
}

/** An empty variable says nothing. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Of an option that is given several times, the last one counts. */
function lastOf(value: unknown): unknown {
  return Array.isArray(value) ? value.at(-1) : value;
}
