import { open } from 'node:fs/promises';

import type { TomlValue } from 'smol-toml';

import { BadValue, type Kind, type TomlType } from './kind.js';
import type { Mistake } from './mistake.js';
import { nearest } from './nearest.js';
import { isSettingName, settingNames, settingsTable, type SettingName } from './table.js';
import { parseStatements } from './toml-statements.js';

/** Bytes that a configuration file may have; all settings together take two thousand. */
const largestFile = 64 * 1024;

/** What a configuration file says. */
export interface SettingsFile {
  /** What it sets; a setting can be set to nothing. */
  readonly values: ReadonlyMap<SettingName, { readonly value: unknown }>;
  readonly mistakes: readonly Mistake[];
}

const typeNames: Readonly<Record<TomlType, string>> = {
  string: 'a text in quotes',
  integer: 'a whole number without quotes',
  boolean: 'true or false without quotes',
  array: 'a list of texts in quotes',
};

/**
 * Reads a configuration file.
 *
 * @param file - its path
 * @returns what it sets, and all that is wrong with it
 */
export async function readSettingsFile(file: string): Promise<SettingsFile> {
  let text: string;
  try {
    text = decode(await readBeginning(file));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { values: new Map(), mistakes: [{ source: 'file', file, message }] };
  }
  const { statements, mistakes } = parseStatements(text);
  const all = mistakes.map(({ line, message }): Mistake => {
    return { source: 'file', file, line, message: `is no TOML: ${message}` };
  });
  const values = new Map<SettingName, { readonly value: unknown }>();
  const lines = new Map<string, number>();
  for (const { key, value, line } of statements) {
    const setting = isSettingName(key) ? key : undefined;
    try {
      const earlier = lines.get(key);
      if (earlier !== undefined) throw new BadValue(`is set in line ${earlier} already`);
      lines.set(key, line);
      if (!setting) throw new BadValue(adviceFor(key, value));
      values.set(setting, { value: parseToml(settingsTable[setting].kind, value) });
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      all.push({ source: 'file', setting, file, line, message: `${key} ${error.message}` });
    }
  }
  return { values, mistakes: all.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) };
}

function parseToml(kind: Kind<unknown>, value: TomlValue): unknown {
  const type = typeOf(value);
  if (type === undefined || !kind.types.includes(type)) {
    throw new BadValue(`must be ${kind.types.map((name) => typeNames[name]).join(' or ')}`);
  }
  if (Array.isArray(value)) {
    const words = value.filter((word) => typeof word === 'string');
    if (words.length === value.length && kind.parseWords) return kind.parseWords(words);
  } else if (typeof value !== 'object') {
    return kind.parse(String(value));
  }
  throw new BadValue(`must be ${typeNames.array}`);
}

function typeOf(value: TomlValue): TomlType | undefined {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'boolean') return 'boolean';
  return Array.isArray(value) ? 'array' : undefined;
}

function adviceFor(key: string, value: TomlValue): string {
  const isTable = typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
  if (isTable) return 'is a table; settings stand by themselves, without tables';
  const meant = nearest(key, settingNames);
  return meant === undefined ? 'is no setting' : `is no setting; did you mean ${meant}?`;
}

/** A byte more than it may have, if there are so many. */
async function readBeginning(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const bytes = Buffer.alloc(largestFile + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(bytes, length);
      if (bytesRead === 0) return bytes.subarray(0, length);
      length += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** A byte order mark goes away, as TOML has it. */
function decode(bytes: Buffer): string {
  if (bytes.length > largestFile) throw new Error(`has more than ${largestFile} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error('is no UTF-8 text', { cause });
  }
}
