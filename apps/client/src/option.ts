import { UsageError } from './failure.js';

/** An option of the command line. */
interface OptionDefinition {
  readonly type: 'boolean' | 'number' | 'string';
  readonly describe: string;
  /** One letter. */
  readonly alias?: string;
}

/** Options by their long names. */
export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

interface ValueTypes {
  boolean: boolean;
  number: number | undefined;
  string: string | undefined;
}

/** What the user gave for each option. */
export type OptionValues<Options extends OptionDefinitions> = {
  readonly [Name in keyof Options]: ValueTypes[Options[Name]['type']];
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Collects the options' values: those of the command line, and for the others those of the
 * variables, which are called `E2EEFTP_` and the option's name.
 *
 * @param definitions - the options
 * @param given - what stood on the command line
 * @param environment - the variables
 * @returns the values
 * @throws UsageError for a value that the option cannot have
 */
export function readOptions<Options extends OptionDefinitions>(
  definitions: Options,
  given: Readonly<Record<string, unknown>>,
  environment: Environment,
): OptionValues<Options> {
  const values = Object.entries(definitions).map(([name, { type }]) => {
    const value = given[name] ?? fromEnvironment(name, type, environment);
    // Of an option that is given twice, the last counts, as in most programs.
    return [name, checked(name, type, Array.isArray(value) ? value.at(-1) : value)];
  });
  return Object.fromEntries(values) as OptionValues<Options>;
}

function fromEnvironment(
  name: string,
  type: OptionDefinition['type'],
  environment: Environment,
): unknown {
  const variable = variableOf(name);
  const text = environment[variable];
  if (text === undefined || text === '') return undefined;
  if (type === 'string') return text;
  if (type === 'number') return Number(text);
  if (/^(?:1|true|yes|on)$/iu.test(text)) return true;
  if (/^(?:0|false|no|off)$/iu.test(text)) return false;
  throw new UsageError(`${variable} is neither 1 nor 0, but "${text}"`);
}

function checked(name: string, type: OptionDefinition['type'], value: unknown): unknown {
  if (type === 'boolean') return value === true;
  if (value === undefined) return undefined;
  if (type === 'number' && !(typeof value === 'number' && Number.isFinite(value) && value > 0)) {
    throw new UsageError(`--${name} (${variableOf(name)}) needs a number above 0`);
  }
  if (value === '') throw new UsageError(`--${name} needs a value`);
  return value;
}

function variableOf(name: string): string {
  return `E2EEFTP_${name.toUpperCase().replaceAll('-', '_')}`;
}
