import type { Options } from 'yargs';

import { defaultPort } from '@e2eeftp/server';

import { UsageError } from './failure.js';

const prefix = 'E2EEFTP_SERVER_';

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
  const value = process.env[variableFor(name)];
  const { coerce } = option;
  const single = (given: unknown): unknown => {
    const last: unknown = Array.isArray(given) ? given.at(-1) : given;
    return coerce ? (coerce(last) as unknown) : last;
  };
  const isGiven = value !== undefined && value !== '';
  return { ...option, ...(isGiven && { default: value }), coerce: single };
}

function variableFor(name: string): string {
  return `${prefix}${name.toUpperCase().replaceAll('-', '_')}`;
}

/** An option that is there or not. */
interface Flag extends Options {
  readonly type: 'boolean';
  readonly default: boolean;
  readonly coerce: (value: boolean | string) => boolean;
}

/** Where the files are; every command has it. */
export const dataOption = fromEnvironment('data', {
  type: 'string',
  default: '.',
  requiresArg: true,
  describe: 'Data directory; what is missing in it is made',
  coerce: (value: string) => nonEmpty('--data', value),
});

/** The port, as the command line or the environment has it. */
export const portOption = fromEnvironment('port', {
  type: 'string',
  default: `${defaultPort}`,
  requiresArg: true,
  describe: 'TCP port; with 0 the system chooses one',
  coerce: parsePort,
});

/** Whether clients of the protocol's first generation are served, and what they may do. */
export const allowV1Option = fromEnvironment('allow-v1', {
  type: 'string',
  describe:
    "Serve clients of the protocol's first generation too; =read refuses whatever changes files. Names and commands can be read and forged on their way, and whoever has recorded a client's hello that this server never saw can list and delete in its name",
  coerce: parseAllowV1,
});

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

/**
 * @param name - an option, for the message
 * @param value - what was given for it
 * @returns the same
 * @throws UsageError when nothing was
 */
export function nonEmpty(name: string, value: string): string {
  if (value === '') throw new UsageError(`${name} needs a value`);
  return value;
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : Infinity;
  if (port > 65_535) throw new UsageError(`--port must be a number from 0 to 65535, not "${text}"`);
  return port;
}

/** `--no-allow-v1` is `false`. */
function parseAllowV1(value: string | false | undefined): 'all' | 'read' | undefined {
  if (value === undefined || value === false) return undefined;
  const word = value.toLowerCase();
  if (word === '0' || word === 'false') return undefined;
  if (word === '' || word === '1' || word === 'true' || word === 'all') return 'all';
  if (word === 'read') return 'read';
  throw new UsageError(`--allow-v1 stands alone or as --allow-v1=read, not with "${value}"`);
}

function parseFlag(name: string, value: boolean | string): boolean {
  if (typeof value === 'boolean') return value;
  const word = value.toLowerCase();
  if (word === 'true' || word === '1') return true;
  if (word === 'false' || word === '0') return false;
  throw new UsageError(`${variableFor(name)} must be true or false, not "${value}"`);
}
