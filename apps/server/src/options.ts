import type { Options } from 'yargs';

import { UsageError } from './failure.js';
import { variableOf } from './settings/table.js';

/** What stands for `-`, which yargs loses where it is an argument. */
export const standardInput = '/dev/stdin';

/**
 * Lets an option be given as a variable of the environment too, which the command line overrides.
 * Only the options that a command knows are looked at: others may be meant for other commands.
 * Of an option that is given several times, the last one counts.
 *
 * @param name - the option, without dashes
 * @param option - how it is declared; its default may be replaced
 * @returns the declaration
 */
export function fromEnvironment<Declaration extends Options>(
  name: string,
  option: Declaration,
): Declaration {
  const value = process.env[variableOf(name)];
  const { coerce } = option;
  const single = (given: unknown): unknown => {
    const last: unknown = Array.isArray(given) ? given.at(-1) : given;
    return coerce ? (coerce(last) as unknown) : last;
  };
  const isGiven = value !== undefined && value !== '';
  return { ...option, ...(isGiven && { default: value }), coerce: single };
}

/** An option that is there or not. */
interface Flag extends Options {
  readonly type: 'boolean';
  readonly default: boolean;
  readonly coerce: (value: boolean | string) => boolean;
}

/**
 * Declares an option that is there or not. As a variable, what it is set to counts.
 *
 * @param name - the option, without dashes
 * @param describe - what it does
 * @returns the declaration
 */
export function flag(name: string, describe: string): Flag {
  return fromEnvironment<Flag>(name, {
    type: 'boolean',
    default: false,
    describe,
    coerce: (value) => parseFlag(name, value),
  });
}

/** Whether to answer in JSON. */
export const jsonOption = flag('json', 'For programs');

function parseFlag(name: string, value: boolean | string): boolean {
  if (typeof value === 'boolean') return value;
  const word = value.toLowerCase();
  if (word === 'true' || word === '1') return true;
  if (word === 'false' || word === '0') return false;
  throw new UsageError(`${variableOf(name)} must be true or false, not "${value}"`);
}
