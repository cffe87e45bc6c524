import { UsageError } from './failure.js';
import { parseRate } from './quantities.js';

/** An option of the command line. */
interface OptionDefinition {
  /**
   * A `count` is a whole number, and a `rate` a number of bytes a second. A `list` holds what each use
   * of the option gave, or each line of the variable.
   */
  readonly type: 'boolean' | 'number' | 'count' | 'rate' | 'string' | 'list';
  readonly describe: string;
  /** One letter. */
  readonly alias?: string;
  /** Where the value is a name, if it is one. */
  readonly names?: 'local' | 'remote';
  /** Of a count; by default 0. */
  readonly minimum?: number;
  /** Of a count. */
  readonly maximum?: number;
}

/** Options by their long names. */
export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

interface ValueTypes {
  boolean: boolean;
  number: number | undefined;
  count: number | undefined;
  rate: number | undefined;
  string: string | undefined;
  list: readonly string[];
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
  const values = Object.entries(definitions).map(([name, definition]) => {
    const value = given[name] ?? fromEnvironment(name, definition.type, environment);
    // Of an option that is given twice, the last counts, as in most programs.
    const isLast = Array.isArray(value) && definition.type !== 'list';
    const used: unknown = isLast ? value.at(-1) : value;
    return [name, checked(name, definition, used)];
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
  if (type === 'number') return Number(text);
  if (type !== 'boolean') return text;
  if (/^(?:1|true|yes|on)$/iu.test(text)) return true;
  if (/^(?:0|false|no|off)$/iu.test(text)) return false;
  throw new UsageError(`${variable} is neither 1 nor 0, but "${text}"`);
}

function listOf(name: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  const values = typeof value === 'string' ? value.split('\n') : [value].flat().map(String);
  if (values.includes('')) throw new UsageError(`--${name} needs a value`);
  return values;
}

function checked(name: string, definition: OptionDefinition, value: unknown): unknown {
  const { type, minimum = 0, maximum = Infinity } = definition;
  if (type === 'list') return listOf(name, value);
  if (type === 'boolean') return value === true;
  if (value === undefined) return undefined;
  if (value === '') throw new UsageError(`--${name} needs a value`);
  const text = typeof value === 'string' ? value : '';
  switch (type) {
    case 'string':
      return value;
    case 'number':
      if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
      throw needs(name, 'a number above 0');
    case 'count':
      if (/^\d{1,6}$/u.test(text) && Number(text) >= minimum && Number(text) <= maximum) {
        return Number(text);
      }
      throw needs(
        name,
        maximum === Infinity
          ? `a whole number, ${minimum} or more`
          : `a whole number from ${minimum} to ${maximum}`,
      );
    case 'rate': {
      const rate = parseRate(text);
      if (rate !== undefined) return rate;
      throw needs(name, 'bytes a second, such as 500K or 2M, and no fewer than 10K');
    }
  }
}

function needs(name: string, what: string): UsageError {
  return new UsageError(`--${name} (${variableOf(name)}) needs ${what}`);
}

function variableOf(name: string): string {
  return `E2EEFTP_${name.toUpperCase().replaceAll('-', '_')}`;
}
