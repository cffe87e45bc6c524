import { parseSize } from '@e2eeftp/server';

import { splitCommandLine } from './command-line.js';
import { BadValue, notWhatIs, type Kind } from './kind.js';
import { parseDuration } from './quantity.js';

/** A host and a port of this machine. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A program and its arguments. */
export type CommandWords = readonly [program: string, ...rest: string[]];

const highestPort = 65_535;
/** The longest time that a timer of Node can wait; beyond, it would not wait at all. */
const longestTimer = 2 ** 31 - 1;
const yearLength = 365 * 24 * 60 * 60 * 1000;

/** Any text. */
export const text: Kind<string> = {
  form: 'TEXT',
  types: ['string'],
  parse: (value) => value,
};

/** The path of a folder; that it is one is for others to find out. */
export const folder: Kind<string> = { ...text, form: 'DIRECTORY' };

/** A TCP port, or 0 for any. */
export const port: Kind<number> = {
  form: 'PORT',
  types: ['integer'],
  parse: (value) => {
    const number = /^\d{1,5}$/u.test(value) ? Number(value) : Infinity;
    if (number > highestPort) throw notWhatIs(`a number from 0 to ${highestPort}`, value);
    return number;
  },
};

/**
 * @param words - what can be chosen
 * @returns the kind
 */
export function choice<const Word extends string>(words: readonly Word[]): Kind<Word> {
  return {
    form: words.join('|'),
    types: ['string'],
    parse: (value) => {
      const chosen = words.find((word) => word === value);
      if (chosen === undefined) throw notWhatIs(listed(words), value);
      return chosen;
    },
  };
}

/** Whether something is done. */
export const onOrOff: Kind<boolean> = {
  form: 'on|off',
  types: ['boolean', 'string'],
  parse: (value) => {
    if (/^(?:on|true|yes|1)$/iu.test(value)) return true;
    if (/^(?:off|false|no|0)$/iu.test(value)) return false;
    throw notWhatIs('on or off', value);
  },
};

/**
 * @param minimum - the lowest number that makes sense
 * @param maximum - the highest
 * @returns whole numbers
 */
export function count(minimum: number, maximum = 1_000_000_000): Kind<number> {
  return {
    form: 'NUMBER',
    types: ['integer'],
    parse: (value) => {
      const number = /^\d{1,15}$/u.test(value) ? Number(value) : -1;
      if (number < minimum || number > maximum) {
        throw notWhatIs(`a whole number from ${minimum} to ${maximum}`, value);
      }
      return number;
    },
  };
}

/** How long to wait for something, in milliseconds; never for ever. */
export const timeout: Kind<number> = durationFrom(1, longestTimer, 'from 1ms to 24d');
/** As {@link timeout}, or not at all. */
export const timeoutOrNone: Kind<number> = durationFrom(0, longestTimer, 'up to 24d');
/** How long something is kept, in milliseconds. */
export const lifetime: Kind<number> = durationFrom(1, yearLength, 'from 1ms to 365d');

/** Bytes. */
export const size: Kind<number> = {
  form: 'SIZE',
  types: ['string', 'integer'],
  parse: (value) => {
    const bytes = parseSize(value);
    if (bytes === undefined) {
      throw notWhatIs('a size such as 20GB or 512MiB; a plain number is bytes', value);
    }
    return bytes;
  },
};

/** Where to listen. */
export const address: Kind<Address> = {
  form: 'HOST:PORT',
  types: ['string'],
  parse: (value) => {
    const [, bracketed, plain, digits = ''] =
      /^(?:\[([\da-f:.%a-z]+)\]|([^\s:[\]]+)):(\d{1,5})$/iu.exec(value) ?? [];
    const host = bracketed ?? plain;
    if (host === undefined || Number(digits) > highestPort) {
      throw notWhatIs('an address and a port such as 127.0.0.1:9464 or [::1]:9464', value);
    }
    return { host, port: Number(digits) };
  },
};

/** A program and its arguments. What was written is not repeated: it may hold what is secret. */
export const command: Kind<CommandWords> = {
  form: 'COMMAND',
  types: ['string', 'array'],
  parse: (value) => {
    const words = splitCommandLine(value);
    if (!words) throw new BadValue('must close its quotes, and not end in a backslash');
    return expectProgram(words);
  },
  parseWords: expectProgram,
};

/** A web address; what was written is not repeated either. */
export const webAddress: Kind<URL> = {
  form: 'URL',
  types: ['string'],
  parse: (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (!url || !/^https?:$/u.test(url.protocol)) {
      throw new BadValue('must be a web address that begins with https:// or http://');
    }
    if (url.username !== '' || url.password !== '') {
      throw new BadValue('must hold no user name and no password, which fetch refuses to send');
    }
    return url;
  },
};

/** Whether clients of the protocol's first generation are served, and what they may do. */
export const firstGeneration: Kind<'all' | 'read' | undefined> = {
  form: 'all|read|off',
  types: ['boolean', 'string'],
  standsAlone: true,
  parse: (value) => {
    const word = value.toLowerCase();
    if (/^(?:0|false|off)$/u.test(word)) return undefined;
    if (/^(?:|1|true|on|all)$/u.test(word)) return 'all';
    if (word === 'read') return 'read';
    throw new BadValue(`stands alone or as --allow-v1=read, not with "${word}"`);
  },
};

/**
 * @param kind - the values
 * @param none - the word that says that there is none, so that an argument can say so too
 * @returns the values, or nothing
 */
export function optional<Value>(kind: Kind<Value>, none: string): Kind<Value | undefined> {
  return {
    ...kind,
    form: `${kind.form}|${none}`,
    types: kind.types.includes('string') ? kind.types : [...kind.types, 'string'],
    parse: (value) => (value === none ? undefined : kind.parse(value)),
  };
}

function durationFrom(minimum: number, maximum: number, range: string): Kind<number> {
  return {
    form: 'DURATION',
    types: ['string', 'integer'],
    parse: (value) => {
      const milliseconds = parseDuration(value) ?? -1;
      if (milliseconds < minimum || milliseconds > maximum) {
        throw notWhatIs(
          `a time ${range}, such as 30s, 5m or 24h; a plain number is seconds`,
          value,
        );
      }
      return milliseconds;
    },
  };
}

function expectProgram(words: readonly string[]): CommandWords {
  const [program, ...rest] = words;
  if (program === undefined || program === '') throw new BadValue('must name a program');
  if (words.some((word) => word.includes('\0'))) throw new BadValue('must not hold a NUL');
  return [program, ...rest];
}

function listed(words: readonly string[]): string {
  const [last = '', ...others] = [...words].reverse();
  return others.length === 0 ? last : `${others.reverse().join(', ')} or ${last}`;
}
