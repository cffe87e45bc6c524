import type { Options } from 'yargs';

import { UsageError } from './failure.js';
import { variableOf } from './settings/table.js';

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

/** Whether to answer in JSON. */
export const jsonOption = fromEnvironment('json', {
  type: 'boolean',
  default: false,
  describe: 'For programs',
  coerce: parseJsonOption,
});

function parseJsonOption(value: boolean | string): boolean {
  if (typeof value === 'boolean') return value;
  const word = value.toLowerCase();
  if (word === 'true' || word === '1') return true;
  if (word === 'false' || word === '0') return false;
  throw new UsageError(`${variableOf('json')} must be true or false, not "${value}"`);
}
